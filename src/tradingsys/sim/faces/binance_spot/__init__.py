"""What Binance spot says and answers, in the server's role."""
