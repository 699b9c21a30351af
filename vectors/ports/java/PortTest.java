import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Every vector of a supported op. Arguments: the vectors directory. */
final class PortTest {
  public static void main(String[] args) throws IOException {
    int passed = 0;
    int failed = 0;
    Set<String> seen = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(args[0]), "*.json")) {
      for (Path file : files) {
        for (Object vector : (List<?>) ((Map<?, ?>) Json.parse(Files.readString(file))).get("cases")) {
          @SuppressWarnings("unchecked")
          Map<String, Object> v = (Map<String, Object>) vector;
          if (!Port.OPS.containsKey(v.get("op"))) {
            continue;
          }
          seen.add((String) v.get("op"));
          Object want = v.containsKey("error") ? Map.of("error", v.get("error")) : Map.of("value", v.get("expected"));
          // Written and parsed again, numbers of either side are the same type.
          Object got = Json.parse(Json.write(Port.answer(v)));
          if (want.equals(got)) {
            passed++;
          } else {
            failed++;
            System.out.println(v.get("id") + ": expected " + want + ", got " + got + ": " + v.get("comment"));
          }
        }
      }
    }
    System.out.println(passed + " passed, " + failed + " failed");
    if (failed > 0 || !seen.equals(Port.OPS.keySet())) {
      System.out.println("ops with vectors: " + seen);
      System.exit(1);
    }
  }
}
