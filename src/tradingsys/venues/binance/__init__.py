"""Binance: one codec for spot, margin and USDⓈ-M futures; product modules hold only what differs.

======================================  =============================================================================
`messages`, `words`                     what is on the wire, field for field, and its vocabulary
`decode`, `decode_algo`,                messages as core values: futures; `decode_spot` and `decode_assets`: spot and
`decode_account`, `decode_spot`,        margin
`decode_assets`
`encode`, `encode_algo`,                core values as messages, in the same parts: the exchange's role
`encode_market`, `encode_spot`,
`encode_assets`
`requests`, `algo_requests`, `params`,  requests about orders as signed parameters, both roles
`signing`
`filters`                               the exchange's rules for an order
`errors`, `error_codes`, `limits`       what its answers prove and count
`depth`, `market`                       local books; market data on the hot path
`account`                               `BinanceProtocol`: `trade_channel`, `user_stream`, `rest` and `queries` together
`order_ways`, `order_results`           how a request about an order goes, and how it ends
`queries`, `steps`, `venue_queries`,    questions, each as a procedure
`order_queries`, `account_queries`
`product`, `usdm`, `usdm_errors`        what a product does its own way; USDⓈ-M's
======================================  =============================================================================
"""
