import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The pure functions of the relay connector contract: tokens, deliveries, URLs, lines, session
 * keys and text lengths. The JDK's library only.
 */
final class Relay {
  private Relay() {}

  /** A refusal; its message is the contract's stable code. */
  @SuppressWarnings("serial")
  static final class Refused extends Exception {
    Refused(String code) {
      super(code);
    }
  }

  /** Payload and exp of a token, and what it signs. */
  record Claims(String payload, long exp, String text, String signature) {}

  static String sign(byte[] text, String secret) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = utf8(secret);
      // SecretKeySpec refuses an empty key; HMAC pads keys with zeros, so one zero is the same.
      mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(text));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has HmacSHA256
    }
  }

  static String mint(String payload, String secret, long exp) {
    String text = payload + ":" + exp;
    return Base64.getUrlEncoder().withoutPadding().encodeToString(utf8(text + ":" + sign(utf8(text), secret)));
  }

  static Claims peek(String token) throws Refused {
    try {
      byte[] raw = Base64.getUrlDecoder().decode(token);
      if (!Base64.getUrlEncoder().withoutPadding().encodeToString(raw).equals(token)) {
        throw new Refused("malformed"); // padding or stray bits
      }
      String all = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
      int last = all.lastIndexOf(':');
      int middle = all.lastIndexOf(':', last - 1);
      if (last < 0 || middle < 0 || last == 0) {
        throw new Refused("malformed");
      }
      String exp = all.substring(middle + 1, last);
      String signature = all.substring(last + 1);
      if (!isInteger(exp) || !isHex64(signature)) {
        throw new Refused("malformed");
      }
      return new Claims(all.substring(0, middle), seconds(exp), all.substring(0, last), signature);
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new Refused("malformed");
    }
  }

  static String verify(String token, List<String> secrets, long now) throws Refused {
    Claims claims = peek(token);
    if (!signed(utf8(claims.text), claims.signature, secrets)) {
      throw new Refused("bad-signature");
    }
    if (claims.exp != 0 && now > claims.exp) {
      throw new Refused("expired");
    }
    return claims.payload;
  }

  private static boolean signed(byte[] text, String signature, List<String> secrets) {
    boolean match = false; // every secret is tried, so that time does not tell which one matched
    for (String secret : secrets) {
      match |= !secret.isEmpty() && MessageDigest.isEqual(utf8(sign(text, secret)), utf8(signature));
    }
    return match;
  }

  static String signDelivery(String timestamp, byte[] body, String key) {
    return sign(deliveryText(timestamp, body), key);
  }

  static void verifyDelivery(String timestamp, String signature, byte[] body, List<String> keys, long now)
      throws Refused {
    if (timestamp == null || signature == null || !isInteger(timestamp) || !isHex64(signature)) {
      throw new Refused("malformed");
    }
    if (!signed(deliveryText(timestamp, body), signature, keys)) {
      throw new Refused("bad-signature");
    }
    if (Math.abs(seconds(timestamp) - now) > 300) {
      throw new Refused("skew");
    }
  }

  private static byte[] deliveryText(String timestamp, byte[] body) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    text.writeBytes(utf8(timestamp + "."));
    text.writeBytes(body);
    return text.toByteArray();
  }

  private static boolean isInteger(String s) {
    return s.equals("0") || s.matches("[1-9][0-9]*");
  }

  private static boolean isHex64(String s) {
    return s.matches("[0-9a-f]{64}");
  }

  private static long seconds(String digits) {
    return digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits);
  }

  static String configuredUrl(String base) {
    return withoutSlashes(trim(base));
  }

  static String dialUrl(String base) {
    String url = withoutSlashes(scheme(trim(base), "https://", "wss://", "http://", "ws://"));
    return url.endsWith("/relay") ? url : url + "/relay";
  }

  static String httpBase(String base) {
    String url = withoutSlashes(scheme(trim(base), "wss://", "https://", "ws://", "http://"));
    return url.endsWith("/relay") ? url.substring(0, url.length() - "/relay".length()) : url;
  }

  private static String trim(String s) {
    return s.replaceAll("^[ \\t\\r\\n]+|[ \\t\\r\\n]+\\z", "");
  }

  private static String withoutSlashes(String s) {
    return s.replaceAll("/+\\z", "");
  }

  private static String scheme(String url, String... pairs) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (url.startsWith(pairs[i])) {
        return pairs[i + 1] + url.substring(pairs[i].length());
      }
    }
    return url;
  }

  /** Cuts the payloads of WebSocket messages into lines; one per socket and direction. */
  static final class Splitter {
    private final ByteArrayOutputStream rest = new ByteArrayOutputStream();

    List<byte[]> write(byte[] payload) {
      List<byte[]> lines = new ArrayList<>();
      for (byte b : payload) {
        if (b != '\n') {
          rest.write(b);
          continue;
        }
        byte[] line = rest.toByteArray();
        rest.reset();
        if (line.length > 0 && line[line.length - 1] == '\r') {
          line = java.util.Arrays.copyOf(line, line.length - 1);
        }
        if (!new String(line, StandardCharsets.ISO_8859_1).matches("[ \\t\\r]*")) {
          lines.add(line);
        }
      }
      return lines;
    }
  }

  private static final Set<String> KNOWN_PLATFORMS =
      Set.of(
          ("local telegram discord whatsapp whatsapp_cloud slack signal mattermost matrix homeassistant email sms"
                  + " dingtalk api_server webhook msgraph_webhook feishu wecom wecom_callback weixin bluebubbles"
                  + " qqbot yuanbao relay")
              .split(" "));

  /** What a session key depends on besides its source. */
  record KeyOptions(String revision, String profile, boolean groupsPerUser, boolean threadsPerUser) {}

  static String sessionKey(Map<String, Object> source, KeyOptions options) {
    String platform = KNOWN_PLATFORMS.contains(text(source, "platform")) ? text(source, "platform") : "relay";
    boolean whatsapp = platform.equals("whatsapp") || platform.equals("whatsapp_cloud");
    String participant = first(text(source, "user_id_alt"), text(source, "user_id"));
    participant = whatsapp ? whatsappId(participant) : participant;
    String slot = text(source, "chat_type");
    boolean dm = slot.equals("dm");
    String thread = text(source, "thread_id");
    String next = text(source, "prospective_thread_id");
    if (thread.isEmpty() && !next.isEmpty() && options.revision.compareTo("2026-08") >= 0) {
      slot = "thread";
      thread = next;
    }
    boolean scoped = platform.equals("slack") && options.revision.compareTo("2026-07") >= 0;
    String chat = text(source, "chat_id");
    if (dm) {
      chat = first(whatsapp ? whatsappId(chat) : chat, participant);
    }
    boolean alone = !dm && options.groupsPerUser && (thread.isEmpty() || options.threadsPerUser);
    String namespace = Set.of("", "default").contains(options.profile) ? "agent:main" : "agent:" + options.profile;
    return Stream.of(
            namespace, platform, slot, scoped ? text(source, "scope_id") : "", chat, thread, alone ? participant : "")
        .filter(part -> !part.isEmpty())
        .collect(Collectors.joining(":"));
  }

  private static String text(Map<String, Object> source, String name) {
    return source.get(name) instanceof String s ? s : "";
  }

  private static String first(String a, String b) {
    return a.isEmpty() ? b : a;
  }

  private static String whatsappId(String id) {
    id = id.split("@", 2)[0].split(":", 2)[0];
    return id.startsWith("+") ? id.substring(1) : id;
  }

  static int textLength(String text, String unit) {
    return unit.equals("utf16") ? text.length() : text.codePointCount(0, text.length());
  }

  static byte[] utf8(String s) {
    return s.getBytes(StandardCharsets.UTF_8);
  }
}
