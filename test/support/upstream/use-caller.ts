/** Before each test file of the project `upstream`: the service under test is the backend in front of a cloud. */
process.env['TEST_UPSTREAM'] = 'caller';
