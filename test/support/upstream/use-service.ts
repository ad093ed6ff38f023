/** Before each test file of the project `upstream-service`: the backend in front of a cloud has credentials of its own. */
process.env['TEST_UPSTREAM'] = 'service';
