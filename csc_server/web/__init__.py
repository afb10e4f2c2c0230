"""HTTP: routes, handlers of three lines, and the one middleware around them."""
