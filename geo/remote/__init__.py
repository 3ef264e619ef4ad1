"""Travel times of matrix services over HTTP: asked once before a plan is made, kept in a file, read by every worker."""
