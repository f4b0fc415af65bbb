import { consumeAll } from './consume-all.mjs';
import { consumePlain } from './kafkajs-style.mjs';
import { answer, workload } from './workload.mjs';

const work = workload();
answer(await consumeAll(work, (listener) => consumePlain(work, listener)));
