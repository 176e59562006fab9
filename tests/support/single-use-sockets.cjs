// For programs that use node-fetch 2: a new connection for every request. On a kept-alive connection, node-fetch may
// report a "Premature close" before the last chunk of a streamed response (node-fetch issue 1767); with Node 20.19 it
// did so for most responses of Node's own server on a busy machine.
'use strict';

const http = require('node:http');

http.globalAgent = new http.Agent({ keepAlive: false });
