"""Price-time matching and accounts: pure, shared by the simulator, paper trading and backtests."""
