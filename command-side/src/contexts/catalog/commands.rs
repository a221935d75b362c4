//! What one may ask of a product.

use plimsoll_contracts::{Currency, Id, Label, SignedAmount, events::ProductKind};

use crate::domain::{Time, commands};

commands! {
    /// What one may ask of a product.
    ProductCommand in "catalog" by (product_id) {
        /// Brings a product into the catalogue.
        RegisterProduct {
            /// The product.
            product_id: Id,
            /// Name for people.
            name: String,
            /// Category.
            category: Label,
            /// Unit of measure: `ea`, `kg`, `l` …
            uom: Label,
            /// Goods, or a charge that counts in money only.
            kind: ProductKind,
            /// Currency of the price.
            currency: Currency,
            /// Price of one unit, 1e-6 of the major unit.
            unit_price_micros: SignedAmount,
        }
        /// Gives a product another price from an instant on.
        ChangePrice {
            /// The product.
            product_id: Id,
            /// Currency of the price: the product's.
            currency: Currency,
            /// New price of one unit, 1e-6 of the major unit.
            unit_price_micros: SignedAmount,
            /// When it begins to hold.
            effective_from: Time,
        }
        /// Gives a product another name.
        RenameProduct {
            /// The product.
            product_id: Id,
            /// The new name.
            name: String,
        }
        /// Moves a product to another category.
        RecategoriseProduct {
            /// The product.
            product_id: Id,
            /// The new category.
            category: Label,
        }
        /// Ends the sale of a product.
        DiscontinueProduct {
            /// The product.
            product_id: Id,
            /// Why.
            reason: Option<String>,
        }
    }
}
