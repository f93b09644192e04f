"""Binance: one codec for spot, margin and USDⓈ-M futures; product modules hold only what differs.

======================================  =============================================================================
`messages`, `words`                     what is on the wire, field for field, and its vocabulary
`decode`, `decode_algo`,                messages as core values: futures; `decode_spot` and `decode_assets`: spot and
`decode_account`, `decode_spot`,        margin
`decode_assets`
`encode`, `encode_algo`,                core values as messages, in the same parts: the exchange's role
`encode_market`, `encode_spot`,
`encode_assets`
`requests`, `algo_requests`, `params`,  requests about orders as signed parameters, both roles: futures;
`signing`, `spot_requests`,             `spot_requests`, `spot_lists`: spot and margin; `margin_requests`: what margin
`spot_lists`, `margin_requests`         says beside
`filters`, `instruments`,               the exchange's rules for an order, and its checks product by product
`usdm_filters`, `spot_filters`
`errors`, `error_codes`, `limits`       what its answers prove and count
`depth`, `market`                       local books; market data on the hot path
`account`                               `BinanceProtocol`: `trade_channel`, feeds, `rest` and `queries` together
`order_dialect`, `order_results`        how a request about an order goes, and how it ends
`feed`, `events`, `keyed_stream`,       the account's events: by a stream that a key names, or by subscription; and
`subscribed_stream`, `subscriptions`    reading them
`queries`, `steps`, `venue_queries`,    questions, each as a procedure
`trade_queries`, `order_queries`,
`account_queries`, `spot_queries`,
`margin_queries`
`product`, `products`                   what a product does its own way; all of them by name
`usdm`, `spot`, `margin`                the products: addresses, paths, weights, and `usdm_…`, `spot_…`, `margin_…`:
                                        orders, questions, events, filters, error codes
======================================  =============================================================================
"""
