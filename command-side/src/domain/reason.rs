//! The names under which commands are refused, exactly as the event catalogue writes them.

use std::fmt;

/// Why the domain says no; the name of the variant is what the wire carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// What the command is about does not exist.
    NotFound,
    /// The id is taken.
    AlreadyExists,
    /// An amount is not above 0 (or below it) where it must not be.
    InvalidAmount,
    /// An amount is of another currency.
    CurrencyMismatch,
    /// An amount that the currency cannot carry (G2).
    FractionalMinorUnit,
    /// A price begins before the one before it.
    EffectiveDateOutOfOrder,
    /// The product is no longer sold.
    ProductDiscontinued,
    /// An order without lines.
    NoLines,
    /// An order with more than 2,000 lines.
    TooManyLines,
    /// Units are not above 0.
    InvalidQuantity,
    /// A given total is not the sum of its parts.
    TotalMismatch,
    /// The discount is larger than what it is taken from.
    DiscountExceedsTotal,
    /// Too late: the order has left the house.
    AlreadyShipped,
    /// More cancelled than remains.
    CancelExceedsSold,
    /// The order is not confirmed.
    NotConfirmed,
    /// The order is not shipped.
    NotShipped,
    /// More returned than remains.
    ReturnExceedsSold,
    /// More captured than authorised.
    CaptureExceedsAuthorised,
    /// The authorisation has run out.
    AuthorisationExpired,
    /// Nothing authorised is left to give up.
    NothingToVoid,
    /// More refunded than captured.
    RefundExceedsCaptured,
    /// More charged back than captured.
    ChargebackExceedsCaptured,
    /// The chargeback is no longer open.
    ChargebackClosed,
    /// The call is not in the state that this needs.
    WrongCallState,
    /// The end lies before the start.
    EndBeforeStart,
    /// A reason and an approver other than the actor are needed.
    ApprovalRequired,
    /// The agent has an open session on the channel.
    SessionOpen,
    /// The session is over, or the agent has none.
    SessionClosed,
    /// Shares do not sum to 10,000 basis points.
    SharesNotWhole,
    /// The planner is not active on the day in question.
    PlannerInactive,
    /// Not the instalment whose turn it is.
    InstalmentOutOfOrder,
    /// The policy is not in force.
    PolicyNotInForce,
    /// The free-look term has passed.
    FreeLookOver,
    /// The policy is not lapsed.
    PolicyNotLapsed,
    /// The term for reinstatement has passed.
    ReinstatementExpired,
    /// An assignment begins before the one before it.
    OverlappingAssignment,
    /// A unit would stand above itself.
    HierarchyCycle,
    /// An earlier month is still open or left out, or the month has not begun, so that the one before
    /// it cannot be over.
    PreviousPeriodOpen,
    /// Events are parked and the close was not forced.
    ParkedEventsRemain,
    /// The month is closed.
    PeriodClosed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
