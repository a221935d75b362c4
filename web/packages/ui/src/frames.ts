/** Draws in an animation frame, only when marked and only while on screen. */
export interface Frames {
  mark(): void;
  stop(): void;
}

export function onFrame(element: Element, draw: () => void): Frames {
  let dirty = false;
  let visible = false;
  let frame = 0;
  const arm = (): void => {
    if (!dirty || !visible || frame !== 0) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      dirty = false;
      draw();
    });
  };
  const observer = new IntersectionObserver((entries) => {
    visible = entries.some((entry) => entry.isIntersecting);
    arm();
  });
  observer.observe(element);
  return {
    mark: () => {
      dirty = true;
      arm();
    },
    stop: () => {
      observer.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
