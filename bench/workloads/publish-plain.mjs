import { plainRecords } from './events.mjs';
import { plainProducer } from './kafkajs-style.mjs';
import { publishAll } from './publish-all.mjs';
import { answer, workload } from './workload.mjs';

const work = workload();
const producer = plainProducer(work);
await producer.connect();

answer(
  await publishAll(work, (index) => {
    const record = plainRecords[index % plainRecords.length];
    // A new message each time, because `send` changes the one it is given.
    return record && producer.send({ topic: work.topic, messages: [{ ...record }] });
  }),
);
