import type { CompiledOptions } from '../../client/client-options.js';
import { INSTALL_DETAILS, type BrokerDetails } from './broker-details.js';
import { errorText, findingsOf, type Finding } from './finding.js';
import { kafkaLine, type KafkaLine } from './kafka-line.js';

const finding = findingsOf('connection');
const NOT_TOLD = 'not told by the broker';

/** What can be concluded of the brokers' version, and whether they know the group protocol of the settings. */
export async function checkKafka(
  { groupProtocol }: Pick<CompiledOptions, 'groupProtocol'>,
  details: Pick<BrokerDetails, 'apis'> | undefined,
): Promise<readonly Finding[]> {
  if (details === undefined) {
    const why = 'the native client does not tell what brokers know';
    return [versionNotMade(why, INSTALL_DETAILS), protocolNotMade(groupProtocol, why, INSTALL_DETAILS)];
  }
  let kafka: KafkaLine;
  try {
    kafka = kafkaLine(await details.apis());
  } catch (error) {
    const todo = 'look whether the brokers are of Kafka 4.0 or newer';
    return [versionNotMade(errorText(error), todo), protocolNotMade(groupProtocol, errorText(error), todo)];
  }
  const told = `${NOT_TOLD}; the one that was asked knows the requests of ${kafka.line}`;
  return [finding('ok', 'Kafka', told), protocolFinding(groupProtocol, kafka)];
}

function protocolFinding(groupProtocol: CompiledOptions['groupProtocol'], { consumerProtocol }: KafkaLine): Finding {
  const subject = `group protocol ${groupProtocol}`;
  if (groupProtocol === 'classic') {
    const both = "all brokers know it; these know groupProtocol: 'consumer' (KIP-848) too";
    return finding('ok', subject, consumerProtocol === 'offered' ? both : 'all brokers know it');
  }
  const todo = "set groupProtocol: 'classic', or use Kafka 4 or newer";
  if (consumerProtocol === 'offered') return finding('ok', subject, 'the brokers know it');
  if (consumerProtocol === 'preview')
    return finding('warning', subject, 'the brokers know it as a preview, which may be switched off', todo);
  return finding('error', subject, 'the brokers do not know it', todo);
}

function versionNotMade(why: string, todo: string): Finding {
  return finding('not-made', 'Kafka', `its version is ${NOT_TOLD}, and nothing else tells it: ${why}`, todo);
}

function protocolNotMade(groupProtocol: CompiledOptions['groupProtocol'], why: string, todo: string): Finding {
  const subject = `group protocol ${groupProtocol}`;
  if (groupProtocol === 'classic') return finding('ok', subject, 'all brokers know it');
  return finding('not-made', subject, why, todo);
}
