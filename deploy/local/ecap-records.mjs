// The Avro schemas of 16/ECAP's endpoint token validation, as a consumer of CM needs them.
const namespace = 'org.kaaproject.ipc.ecap.gen.v1';
const common = [
  { name: 'correlationId', type: 'string' },
  { name: 'timestamp', type: 'long' },
  { name: 'timeout', type: 'long', default: 0 },
];

export const tokenValidationRequest = {
  namespace,
  type: 'record',
  name: 'EndpointTokenValidationRequest',
  fields: [...common, { name: 'appName', type: 'string' }, { name: 'token', type: 'string' }],
};

export const tokenValidationResponse = {
  namespace,
  type: 'record',
  name: 'EndpointTokenValidationResponse',
  fields: [
    ...common,
    { name: 'tokenId', type: ['string', 'null'] },
    { name: 'endpointId', type: ['string', 'null'] },
    { name: 'statusCode', type: 'int' },
    { name: 'reasonPhrase', type: ['null', 'string'], default: null },
  ],
};

/** The subject that instance `instance` of CM answers on. */
export const tokenValidationSubject = (instance) => `kaa.v1.service.${instance}.ecap.ep-token-request`;
