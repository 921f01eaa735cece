"""The faces: two Flask applications (staff and public), and what both are built from."""
