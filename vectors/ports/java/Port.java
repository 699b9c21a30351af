import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Answers vectors: JSON Lines in, JSON Lines out. */
final class Port {
  private Port() {}

  interface Op {
    Object call(Map<String, Object> input, long now) throws Relay.Refused;
  }

  static final Map<String, Op> OPS = new TreeMap<>();

  static {
    OPS.put("token/mint", (i, now) ->
        Relay.mint(text(i, "payload"), text(i, "secret"), i.containsKey("exp") ? number(i, "exp") : now + 300));
    OPS.put("token/sign", (i, now) -> Relay.sign(Relay.utf8(text(i, "text")), text(i, "secret")));
    OPS.put("token/verify", (i, now) -> Relay.verify(text(i, "token"), texts(i, "secrets"), now));
    OPS.put("token/peek", (i, now) -> {
      Relay.Claims claims = Relay.peek(text(i, "token"));
      return Map.of("payload", claims.payload(), "exp", claims.exp());
    });
    OPS.put("delivery/sign", (i, now) ->
        Relay.signDelivery(Long.toString(number(i, "timestamp")), bytes(object(i, "body")), text(i, "key")));
    OPS.put("delivery/verify", (i, now) -> {
      Relay.verifyDelivery(text(i, "timestamp"), text(i, "signature"), bytes(object(i, "body")), texts(i, "keys"), now);
      return true;
    });
    OPS.put("url/configured", (i, now) -> Relay.configuredUrl(text(i, "base")));
    OPS.put("url/dial", (i, now) -> Relay.dialUrl(text(i, "base")));
    OPS.put("url/http-base", (i, now) -> Relay.httpBase(text(i, "base")));
    OPS.put("url/route", (i, now) -> Relay.httpBase(text(i, "base")) + text(i, "route"));
    OPS.put("frames/split", (i, now) -> {
      Relay.Splitter splitter = new Relay.Splitter();
      List<Object> lines = new ArrayList<>();
      for (Object message : (List<?>) i.get("messages")) {
        @SuppressWarnings("unchecked")
        Map<String, Object> m = (Map<String, Object>) message;
        splitter.write(bytes(m)).forEach(line -> lines.add(new String(line, StandardCharsets.UTF_8)));
      }
      return lines;
    });
    OPS.put("session-key/key", (i, now) -> Relay.sessionKey(object(i, "source"),
        new Relay.KeyOptions(text(i, "revision"), i.containsKey("profile") ? text(i, "profile") : "",
            (Boolean) i.getOrDefault("group_sessions_per_user", true),
            (Boolean) i.getOrDefault("thread_sessions_per_user", false))));
    OPS.put("text/length", (i, now) -> Relay.textLength(text(i, "text"), text(i, "unit")));
  }

  private static String text(Map<String, Object> i, String name) {
    return (String) i.get(name);
  }

  private static long number(Map<String, Object> i, String name) {
    return ((BigDecimal) i.get(name)).longValueExact();
  }

  private static List<String> texts(Map<String, Object> i, String name) {
    return ((List<?>) i.get(name)).stream().map(String.class::cast).toList();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Map<String, Object> i, String name) {
    return (Map<String, Object>) i.get(name);
  }

  private static byte[] bytes(Map<String, Object> part) {
    if (part.containsKey("hex")) {
      return HexFormat.of().parseHex(text(part, "hex"));
    }
    int times = part.containsKey("times") ? (int) number(part, "times") : 1;
    return Relay.utf8(text(part, "text").repeat(times));
  }

  /** The answer to a question, or the outcome of a vector, without its id. */
  static Map<String, Object> answer(Map<String, Object> question) {
    Op op = OPS.get(text(question, "op"));
    Map<String, Object> answer = new LinkedHashMap<>();
    if (op == null) {
      answer.put("unsupported", true);
      return answer;
    }
    try {
      long now = question.containsKey("now") ? number(question, "now") : 0;
      answer.put("value", op.call(object(question, "input"), now));
    } catch (Relay.Refused refused) {
      answer.put("error", refused.getMessage());
    }
    return answer;
  }

  public static void main(String[] args) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      @SuppressWarnings("unchecked")
      Map<String, Object> question = (Map<String, Object>) Json.parse(line);
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("id", question.get("id"));
      answer.putAll(answer(question));
      System.out.print(Json.write(answer) + "\n");
      System.out.flush();
    }
  }
}
