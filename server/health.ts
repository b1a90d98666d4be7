import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { readConfig } from './config/config.ts';

/**
 * Health check for whoever runs this server: the exit code is 0 if the server with this environment answers, and its
 * database does.
 */
const { port, tls, acme } = readConfig(process.env);
const request = tls === undefined && acme === undefined ? plainRequest : tlsRequest;
const asked = request({
  host: '127.0.0.1',
  port,
  path: '/healthz',
  // The request goes to this machine itself, and the certificate is for another name.
  rejectUnauthorized: false,
  timeout: 5_000,
});
asked.once('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
asked.once('timeout', () => process.exit(1));
asked.once('error', () => process.exit(1));
asked.end();
