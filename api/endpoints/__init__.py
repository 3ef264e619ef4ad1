"""The routes of the API: thin, one module per resource."""
