"""Programs that use the library; each is deployed by the tests."""
