import { TenantKafka } from 'tenantry';
import { consumeAll } from './consume-all.mjs';
import { encryption, orderPlaced } from './events.mjs';
import { answer, workload } from './workload.mjs';

const work = workload();
const { brokers, topic, sealed, keyHex, group } = work;

answer(
  await consumeAll(work, ({ onAssigned, onMessage }) => {
    /** @param {object} fields */
    const onLog = (fields) => {
      if ('event' in fields && fields.event === 'assigned') onAssigned();
    };
    const logger = { debug: onLog, info: onLog, warn: onLog, error: onLog };
    const kafka = new TenantKafka({ clientId: 'bench', brokers, encryption: encryption(keyHex), logger });
    return kafka.worker(group).on(orderPlaced(topic, sealed), onMessage).start();
  }),
);
