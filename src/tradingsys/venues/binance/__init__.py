"""Binance: one codec for spot, margin and USDⓈ-M futures; product modules hold only what differs.

=================================  ==================================================================================
`messages`, `words`                what is on the wire, field for field, and its vocabulary
`decode`, `encode`                 messages ⇄ core values, both roles (`encode_market` for market data)
`requests`, `signing`              order requests as signed parameters, both roles
`filters`, `errors`, `limits`      the exchange's rules for an order; what its answers prove and count
`depth`, `market`                  local books; market data on the hot path
`account`                          `BinanceProtocol`: `trade_channel`, `user_stream`, `rest` and `queries` put together
`product`, `usdm`                  what a product does its own way; USDⓈ-M's
=================================  ==================================================================================
"""
