import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

/** Prints what the Java client's own code makes of many record keys; see make-vectors.ts. */
public final class Murmur2Vectors {
    private static final int[] PARTITION_COUNTS = {1, 2, 3, 4, 6, 7, 12, 16, 50, 100, 1000};
    private static final String[] TEXTS = {
        "", "acme:42", "acme:order-1", "Acme:42", "a:b:c", "tenant_1-x:0", "acme:", ":",
        "acme:Grüße", "acme:注文", "acme:🛒", "acme:e\u0301", "acme:\u0000", "acme:\u007f\u0080\u07ff\u0800\uffff"
    };

    public static void main(String[] args) {
        List<byte[]> keys = new ArrayList<>();
        for (String text : TEXTS) {
            keys.add(text.getBytes(StandardCharsets.UTF_8));
        }
        // Every remainder of the four-byte loop, with bytes above 0x7f, which Java reads as negative.
        for (int length = 0; length <= 17; length++) {
            byte[] low = new byte[length];
            byte[] high = new byte[length];
            for (int i = 0; i < length; i++) {
                low[i] = (byte) ('a' + i);
                high[i] = (byte) (0xff - i);
            }
            keys.add(low);
            keys.add(high);
        }
        Random random = new Random(20250101);
        for (int i = 0; i < 300; i++) {
            byte[] key = new byte[random.nextInt(80)];
            random.nextBytes(key);
            keys.add(key);
        }

        List<String> lines = new ArrayList<>();
        for (byte[] key : keys) {
            List<String> partitions = new ArrayList<>();
            for (int count : PARTITION_COUNTS) {
                partitions.add(String.valueOf(BuiltInPartitioner.partitionForKey(key, count)));
            }
            lines.add(String.format(
                "    {\"key\": \"%s\", \"murmur2\": %d, \"partitions\": [%s]}",
                Base64.getEncoder().encodeToString(key), Utils.murmur2(key), String.join(", ", partitions)));
        }
        List<String> counts = new ArrayList<>();
        for (int count : PARTITION_COUNTS) {
            counts.add(String.valueOf(count));
        }
        System.out.println("{");
        System.out.println("  \"source\": \"org.apache.kafka:kafka-clients, Utils.murmur2 and BuiltInPartitioner.partitionForKey; keys in base64\",");
        System.out.printf("  \"partitionCounts\": [%s],%n", String.join(", ", counts));
        System.out.println("  \"vectors\": [");
        System.out.println(String.join(",\n", lines));
        System.out.println("  ]");
        System.out.println("}");
    }
}
