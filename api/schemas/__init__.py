"""What goes over the wire: strict pydantic models, one module per resource."""
