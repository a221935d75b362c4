-- Shuts out every holder with a lower fence; a holder may claim again.
update "{schema}".checkpoint set fence = $1 where fence <= $1 returning position, as_of, fence, epoch
