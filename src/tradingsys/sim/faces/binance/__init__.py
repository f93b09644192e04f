"""What all of Binance's products have in common, in the server's role."""
