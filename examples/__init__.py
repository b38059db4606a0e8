"""Programs that use the library. The tests deploy each of them."""
