/** Set-up of the jest project `upstream-service`: tests run against a backend that signs its calls to an upstream. */
process.env['TEST_UPSTREAM'] = 'service';
