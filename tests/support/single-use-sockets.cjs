// For programs that ask with node-fetch 2: every request has a connection of its own. Where one is kept for the next
// request, node-fetch takes that for the end of the connection before the last chunk of a streamed answer ("Premature
// close", node-fetch issue 1767); with Node 20.19 it did so for most answers of Node's own server on a busy machine.
'use strict';

const http = require('node:http');

http.globalAgent = new http.Agent({ keepAlive: false });
