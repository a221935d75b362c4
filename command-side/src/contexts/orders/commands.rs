//! What one may ask of an order.

use plimsoll_contracts::{
    Currency, Id, Label, SignedAmount,
    events::{CancelReason, ProductKind},
};

use crate::domain::{body, commands};

body! {
    /// A line of an order, priced by the seller.
    PlaceLine {
        /// Number within the order; unique.
        line_no: u16,
        /// The product.
        product_id: Id,
        /// Category as sold.
        category: Label,
        /// Unit of measure.
        uom: Label,
        /// Goods, or a charge that counts in money only.
        kind: ProductKind,
        /// Units; above 0.
        qty: SignedAmount,
        /// Price of one unit, 1e-6 of the major unit.
        unit_price_micros: SignedAmount,
        /// qty x unit price, rounded once half away from zero (G2). Derived; checked where given.
        gross_minor: Option<SignedAmount>,
        /// Discount of this line.
        discount_minor: SignedAmount,
        /// Tax contained in gross - discount.
        tax_minor: SignedAmount,
    }
}

commands! {
    /// What one may ask of an order.
    OrderCommand in "orders" by (order_id) {
        /// Places an order; the sale counts from now on (S-R1).
        PlaceOrder {
            /// The order.
            order_id: Id,
            /// Who orders.
            customer_id: Option<Id>,
            /// Sales channel.
            channel: Label,
            /// Region.
            region: Label,
            /// Currency of every amount.
            currency: Currency,
            /// 1 to 2,000 lines.
            lines: Vec<PlaceLine>,
            /// Discount on the whole order.
            order_discount_minor: SignedAmount,
            /// Shipping.
            shipping_minor: SignedAmount,
            /// Sum of (gross - discount), less order discount, plus shipping. Derived; checked where given.
            total_minor: Option<SignedAmount>,
        }
        /// Cancels every unit not yet cancelled, before shipment.
        CancelOrder {
            /// The order.
            order_id: Id,
            /// Why.
            reason: CancelReason,
        }
        /// Cancels units of one line, before shipment.
        CancelLine {
            /// The order.
            order_id: Id,
            /// The line.
            line_no: u16,
            /// Units; above 0.
            qty: SignedAmount,
            /// Why.
            reason: CancelReason,
        }
        /// Says that a confirmed order has left the house.
        ShipOrder {
            /// The order.
            order_id: Id,
            /// Who carries it.
            carrier: Option<String>,
            /// How to follow it.
            tracking_no: Option<String>,
        }
        /// Says that a shipped order has arrived.
        ConfirmDelivery {
            /// The order.
            order_id: Id,
        }
        /// Takes units of one line back; their value is derived (S-R2).
        ReturnItem {
            /// The order.
            order_id: Id,
            /// Key for repeats: the same return again changes nothing.
            return_id: Id,
            /// The line.
            line_no: u16,
            /// Units; above 0.
            qty: SignedAmount,
            /// Why.
            reason: Option<String>,
        }
    }
}
