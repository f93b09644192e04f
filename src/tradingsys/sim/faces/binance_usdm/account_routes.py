"""The calls about an account: orders, positions, money and settings."""

from __future__ import annotations

from tradingsys.sim.faces.binance.routes import Routes, order, per_symbol, signed
from tradingsys.sim.faces.binance_usdm import (
    account_reads,
    account_settings,
    algo_orders,
    batches,
    money_reads,
    order_reads,
    orders,
)
from tradingsys.sim.faces.binance_usdm.call import State

__all__ = ["ACCOUNT_ROUTES"]

ACCOUNT_ROUTES: Routes[State] = {
    # Orders
    ("POST", "/fapi/v1/order"): order(orders.place),
    ("PUT", "/fapi/v1/order"): order(orders.modify),
    ("POST", "/fapi/v1/order/test"): signed(orders.place_test, 0),
    ("POST", "/fapi/v1/batchOrders"): order(batches.place, 5),
    ("PUT", "/fapi/v1/batchOrders"): order(batches.modify, 5),
    ("DELETE", "/fapi/v1/batchOrders"): signed(batches.cancel, 1),
    ("DELETE", "/fapi/v1/order"): signed(orders.cancel, 1),
    ("DELETE", "/fapi/v1/allOpenOrders"): signed(orders.cancel_all, 1),
    ("POST", "/fapi/v1/countdownCancelAll"): signed(orders.count_down, 10),
    ("GET", "/fapi/v1/order"): signed(order_reads.query, 1),
    ("GET", "/fapi/v1/openOrder"): signed(order_reads.open_order, 1),
    ("GET", "/fapi/v1/openOrders"): signed(order_reads.open_orders, per_symbol(1, 40)),
    ("GET", "/fapi/v1/allOrders"): signed(order_reads.all_orders, 5),
    ("GET", "/fapi/v1/orderAmendment"): signed(order_reads.amendments, 1),
    ("GET", "/fapi/v1/forceOrders"): signed(order_reads.force_orders, per_symbol(20, 50)),
    # Conditional orders
    ("POST", "/fapi/v1/algoOrder"): order(algo_orders.place_counted),
    ("DELETE", "/fapi/v1/algoOrder"): signed(algo_orders.cancel, 1),
    ("DELETE", "/fapi/v1/algoOpenOrders"): signed(algo_orders.cancel_all, 1),
    ("GET", "/fapi/v1/algoOrder"): signed(algo_orders.query, 1),
    ("GET", "/fapi/v1/openAlgoOrders"): signed(algo_orders.open_orders, per_symbol(1, 40)),
    ("GET", "/fapi/v1/allAlgoOrders"): signed(algo_orders.all_orders, 5),
    # Positions and money
    ("GET", "/fapi/v1/userTrades"): signed(money_reads.user_trades, 5),
    ("GET", "/fapi/v1/income"): signed(money_reads.income, 30),
    ("GET", "/fapi/v2/positionRisk"): signed(account_reads.positions_v2, 5),
    ("GET", "/fapi/v3/positionRisk"): signed(account_reads.positions, 5),
    ("GET", "/fapi/v2/balance"): signed(account_reads.balances, 5),
    ("GET", "/fapi/v3/balance"): signed(account_reads.balances, 5),
    ("GET", "/fapi/v2/account"): signed(account_reads.account_v2, 5),
    ("GET", "/fapi/v3/account"): signed(account_reads.account, 5),
    ("GET", "/fapi/v1/adlQuantile"): signed(account_reads.adl_quantiles, 5),
    # Settings
    ("GET", "/fapi/v1/accountConfig"): signed(account_settings.account_config, 5),
    ("GET", "/fapi/v1/symbolConfig"): signed(account_settings.symbol_config, 5),
    ("GET", "/fapi/v1/positionSide/dual"): signed(account_settings.position_mode, 30),
    ("POST", "/fapi/v1/positionSide/dual"): signed(account_settings.set_position_mode, 1),
    ("GET", "/fapi/v1/multiAssetsMargin"): signed(account_settings.multi_assets_mode, 30),
    ("POST", "/fapi/v1/multiAssetsMargin"): signed(account_settings.set_multi_assets_mode, 1),
    ("GET", "/fapi/v1/feeBurn"): signed(account_settings.fee_burn, 30),
    ("POST", "/fapi/v1/feeBurn"): signed(account_settings.set_fee_burn, 1),
    ("POST", "/fapi/v1/leverage"): signed(account_settings.set_leverage, 1),
    ("POST", "/fapi/v1/marginType"): signed(account_settings.set_margin_type, 1),
    ("POST", "/fapi/v1/positionMargin"): signed(account_settings.adjust_position_margin, 1),
    ("GET", "/fapi/v1/positionMargin/history"): signed(money_reads.margin_history, 1),
    ("GET", "/fapi/v1/leverageBracket"): signed(account_settings.brackets, 1),
    ("GET", "/fapi/v1/commissionRate"): signed(account_settings.commission_rate, 20),
    ("GET", "/fapi/v1/apiTradingStatus"): signed(account_settings.trading_status, per_symbol(1, 10)),
    ("GET", "/fapi/v1/rateLimit/order"): signed(account_settings.order_rate_limits, 1),
}
