// CommonJS, which still is what many services are.
const { TenantKafka } = require('tenantry');
const { defineEvent } = require('tenantry/contract');

console.log(JSON.stringify([typeof TenantKafka, typeof defineEvent]));
