/** Set-up of the jest project `upstream`: tests run against a backend that passes the caller's token to an upstream. */
process.env['TEST_UPSTREAM'] = 'caller';
