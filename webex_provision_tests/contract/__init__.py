"""What goes over the wire, held against the published API description."""
