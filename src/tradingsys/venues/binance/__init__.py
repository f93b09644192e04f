"""Binance: one codec for spot, margin and USDⓈ-M futures; the product modules hold only what differs."""
