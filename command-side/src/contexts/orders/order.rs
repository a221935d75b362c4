//! An order's life: placed → confirmed → shipped → delivered, or cancelled before shipment (O-R4).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use plimsoll_contracts::{
    Id, Payload,
    events::{ItemReturned, OrderCancelled, OrderDelivered, OrderLineCancelled, OrderShipped},
};
use serde::{Deserialize, Serialize};

use super::{
    commands::{CancelLine, CancelOrder, OrderCommand, ReturnItem, ShipOrder},
    place::place,
};
use crate::domain::{Aggregate, Decision, Moment, Reason, Refusal, checks};

/// The state of one order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Order {
    placed: bool,
    status: Status,
    lines: BTreeMap<u16, Line>,
    returns: BTreeSet<Id>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Status {
    #[default]
    Placed,
    Confirmed,
    Cancelled,
    Shipped,
    Delivered,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Line {
    sold: i64,
    cancelled: i64,
    returned: i64,
}

impl Line {
    const fn left(&self) -> i64 {
        self.sold - self.cancelled - self.returned
    }
}

impl Aggregate for Order {
    const CATEGORY: &'static str = "order";
    type Command = OrderCommand;
    type Facts = ();

    fn decide(&self, command: &OrderCommand, (): &(), _: &Moment) -> Decision {
        match command {
            OrderCommand::PlaceOrder(c) if self.placed => {
                let detail = format!("order `{}` was placed already", c.order_id);
                Err(Refusal::because(Reason::AlreadyExists, detail))
            }
            OrderCommand::PlaceOrder(c) => place(c),
            OrderCommand::CancelOrder(c) => self.existing(&c.order_id)?.cancel(c),
            OrderCommand::CancelLine(c) => self.existing(&c.order_id)?.cancel_line(c),
            OrderCommand::ShipOrder(c) => self.existing(&c.order_id)?.ship(c),
            OrderCommand::ConfirmDelivery(c) => self.existing(&c.order_id)?.deliver(&c.order_id),
            OrderCommand::ReturnItem(c) => self.existing(&c.order_id)?.take_back(c),
        }
    }

    fn evolve(&mut self, event: &Payload, _: DateTime<Utc>) {
        match event {
            Payload::OrderPlaced(e) => {
                self.placed = true;
                for line in &e.lines {
                    self.line(line.line_no).sold += line.qty.get();
                }
            }
            Payload::OrderConfirmed(_) if self.status == Status::Placed => self.status = Status::Confirmed,
            Payload::OrderCancelled(_) => {
                self.status = Status::Cancelled;
                for line in self.lines.values_mut() {
                    line.cancelled = line.sold - line.returned;
                }
            }
            Payload::OrderLineCancelled(e) => self.line(e.line_no).cancelled += e.qty.get(),
            Payload::OrderShipped(_) => self.status = Status::Shipped,
            Payload::OrderDelivered(_) => self.status = Status::Delivered,
            Payload::ItemReturned(e) => {
                let units = if self.returns.insert(e.return_id.clone()) {
                    e.qty.get()
                } else {
                    0
                };
                self.line(e.line_no).returned += units;
            }
            _ => {}
        }
    }
}

impl Order {
    fn line(&mut self, line_no: u16) -> &mut Line {
        self.lines.entry(line_no).or_default()
    }

    fn existing(&self, id: &Id) -> Result<&Self, Refusal> {
        if self.placed {
            Ok(self)
        } else {
            Err(Refusal::no_stream("order", id))
        }
    }

    fn not_shipped(&self) -> Result<(), Refusal> {
        if self.status >= Status::Shipped {
            let detail = "the order has left the house; take its items back as returns";
            return Err(Refusal::because(Reason::AlreadyShipped, detail));
        }
        Ok(())
    }

    fn cancel(&self, c: &CancelOrder) -> Decision {
        self.not_shipped()?;
        if self.status == Status::Cancelled {
            return Ok(vec![]);
        }
        Ok(vec![
            OrderCancelled {
                order_id: c.order_id.clone(),
                reason: c.reason,
            }
            .into(),
        ])
    }

    fn cancel_line(&self, c: &CancelLine) -> Decision {
        self.not_shipped()?;
        let qty = checks::quantity("qty", c.qty)?;
        self.remaining(c.line_no, qty.get(), Reason::CancelExceedsSold)?;
        let cancelled = OrderLineCancelled {
            order_id: c.order_id.clone(),
            line_no: c.line_no,
            qty,
            reason: c.reason,
        };
        Ok(vec![cancelled.into()])
    }

    fn ship(&self, c: &ShipOrder) -> Decision {
        self.not_shipped()?;
        if self.status != Status::Confirmed {
            let detail = "only a confirmed order can be shipped";
            return Err(Refusal::because(Reason::NotConfirmed, detail));
        }
        let shipped = OrderShipped {
            order_id: c.order_id.clone(),
            carrier: c.carrier.clone(),
            tracking_no: c.tracking_no.clone(),
        };
        Ok(vec![shipped.into()])
    }

    fn deliver(&self, order_id: &Id) -> Decision {
        match self.status {
            Status::Shipped => Ok(vec![
                OrderDelivered {
                    order_id: order_id.clone(),
                }
                .into(),
            ]),
            Status::Delivered => Ok(vec![]),
            Status::Placed | Status::Confirmed | Status::Cancelled => Err(Refusal::because(
                Reason::NotShipped,
                "only a shipped order can arrive",
            )),
        }
    }

    fn take_back(&self, c: &ReturnItem) -> Decision {
        if self.returns.contains(&c.return_id) {
            return Ok(vec![]);
        }
        let qty = checks::quantity("qty", c.qty)?;
        self.remaining(c.line_no, qty.get(), Reason::ReturnExceedsSold)?;
        let returned = ItemReturned {
            order_id: c.order_id.clone(),
            return_id: c.return_id.clone(),
            line_no: c.line_no,
            qty,
            reason: c.reason.clone(),
        };
        Ok(vec![returned.into()])
    }

    /// S-R4: a line that the order does not have has nothing left either.
    fn remaining(&self, line_no: u16, qty: i64, reason: Reason) -> Result<(), Refusal> {
        let left = self.lines.get(&line_no).map_or(0, Line::left);
        if qty > left {
            let detail = format!("line {line_no} has {left} units left, {qty} were asked for");
            return Err(Refusal::because(reason, detail));
        }
        Ok(())
    }
}
