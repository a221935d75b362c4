-- All living versions of the view, so that a rebuild does not overtake a paused view.
update projections.versions set paused = $2 where view = $1 and phase <> 'retired'
