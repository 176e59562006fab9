// A service of the platform as a client of CM: NATS's own Java library, and the classes that Avro's compiler makes from
// docs/avro. The protocol on standard input and output is described in ../support/peer.mjs.
package cm.foreign;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.impl.Headers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.specific.SpecificRecordBase;
import org.kaaproject.ipc.ecap.gen.v1.ClientCertificateValidationRequest;
import org.kaaproject.ipc.ecap.gen.v1.ClientCertificateValidationResponse;
import org.kaaproject.ipc.ecap.gen.v1.ClientCredentialRevokedEvent;
import org.kaaproject.ipc.ecap.gen.v1.ClientUsernamePasswordValidationRequest;
import org.kaaproject.ipc.ecap.gen.v1.ClientUsernamePasswordValidationResponse;
import org.kaaproject.ipc.ecap.gen.v1.EndpointTokenRevokedEvent;
import org.kaaproject.ipc.ecap.gen.v1.EndpointTokenStatusTransitionRequest;
import org.kaaproject.ipc.ecap.gen.v1.EndpointTokenStatusTransitionResponse;
import org.kaaproject.ipc.ecap.gen.v1.EndpointTokenValidationRequest;
import org.kaaproject.ipc.ecap.gen.v1.EndpointTokenValidationResponse;
import org.kaaproject.ipc.event.gen.v1.endpoint.lifecycle.UnregisteredEvent;
import org.kaaproject.scmp.event.gen.v1.service.configuration.BroadcastConfigurationUpdateEvent;
import org.kaaproject.scmp.event.gen.v1.service.configuration.ServiceSpecificConfigurationUpdateEvent;

public final class Peer {
  /** One request of 16/ECAP: the end of its subject, and its records. */
  private static final class Request {
    final String subject;
    final Class<? extends SpecificRecordBase> question;
    final Class<? extends SpecificRecordBase> answer;

    Request(String subject, Class<? extends SpecificRecordBase> question, Class<? extends SpecificRecordBase> answer) {
      this.subject = subject;
      this.question = question;
      this.answer = answer;
    }
  }

  private static final Map<String, Request> REQUESTS =
      Map.of(
          "token",
          new Request("ep-token-request", EndpointTokenValidationRequest.class, EndpointTokenValidationResponse.class),
          "transition",
          new Request(
              "ep-token-status-transition-request",
              EndpointTokenStatusTransitionRequest.class,
              EndpointTokenStatusTransitionResponse.class),
          "password",
          new Request(
              "client-username-password-request",
              ClientUsernamePasswordValidationRequest.class,
              ClientUsernamePasswordValidationResponse.class),
          "certificate",
          new Request(
              "client-certificate-request",
              ClientCertificateValidationRequest.class,
              ClientCertificateValidationResponse.class));

  private static final Map<String, Class<? extends SpecificRecordBase>> PUBLISHED =
      Map.of(
          "elce.UnregisteredEvent", UnregisteredEvent.class,
          "scmp.BroadcastConfigurationUpdateEvent", BroadcastConfigurationUpdateEvent.class,
          "scmp.ServiceSpecificConfigurationUpdateEvent", ServiceSpecificConfigurationUpdateEvent.class);

  private static final Map<String, Class<? extends SpecificRecordBase>> EVENTS =
      Map.of(
          "endpoint.token.revoked", EndpointTokenRevokedEvent.class,
          "client.credential.revoked", ClientCredentialRevokedEvent.class);

  private final String instance = System.getenv("CM_INSTANCE");
  private final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
  private final Connection connection;

  private Peer() throws IOException, InterruptedException {
    Options options =
        Options.builder()
            .server(System.getenv("NATS_URL"))
            .userInfo(System.getenv("NATS_USERNAME"), System.getenv("NATS_PASSWORD"))
            .maxReconnects(-1)
            .reportNoResponders()
            .reconnectWait(Duration.ofMillis(50))
            .connectionListener(
                (source, event) -> say(line().put("connection", event.name().toLowerCase(Locale.ROOT))))
            .build();
    connection = Nats.connect(options);
  }

  public static void main(String[] arguments) throws Exception {
    new Peer().run();
  }

  private static ObjectNode line() {
    return Records.JSON.createObjectNode();
  }

  private synchronized void say(ObjectNode line) {
    out.println(line);
    out.flush();
  }

  private void run() throws Exception {
    for (Map.Entry<String, Class<? extends SpecificRecordBase>> event : EVENTS.entrySet()) {
      Dispatcher dispatcher = connection.createDispatcher(message -> receive(event.getKey(), message.getData()));
      dispatcher.subscribe("kaa.v1.events." + instance + "." + event.getKey());
    }
    connection.flush(Duration.ofSeconds(10));
    say(line().put("ready", connection.getServerInfo().getVersion()).put("library", Nats.CLIENT_VERSION));
    try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String text = in.readLine(); text != null; text = in.readLine()) {
        JsonNode command = Records.JSON.readTree(text);
        try {
          carryOut(command);
        } catch (Exception e) {
          fail(command, e);
        }
      }
    }
    connection.close();
  }

  private void receive(String kind, byte[] bytes) {
    try {
      ObjectNode said = line().put("event", kind);
      said.set("record", Records.toJson(Records.decode(EVENTS.get(kind), bytes)));
      say(said);
    } catch (IOException e) {
      say(line().put("undecodable", kind + ": " + e));
    }
  }

  private void carryOut(JsonNode command) throws Exception {
    switch (command.get("do").asText()) {
      case "ask":
        ask(command);
        break;
      case "publish":
        byte[] bytes =
            Records.encode(Records.fromJson(PUBLISHED.get(command.get("record").asText()), command.get("fields")));
        connection.publish(command.get("subject").asText(), bytes);
        connection.flush(Duration.ofSeconds(10));
        succeed(command, line());
        break;
      case "flush":
        connection.flush(Duration.ofSeconds(10));
        succeed(command, line());
        break;
      default:
        throw new IllegalArgumentException("no command " + command.get("do"));
    }
  }

  private void ask(JsonNode command) throws Exception {
    Request request = REQUESTS.get(command.get("kind").asText());
    byte[] question = Records.encode(Records.fromJson(request.question, command.get("fields")));
    Headers headers = null;
    if (command.has("headers")) {
      headers = new Headers();
      for (var header : command.get("headers").properties()) {
        headers.add(header.getKey(), header.getValue().asText());
      }
    }
    connection
        .requestWithTimeout(
            "kaa.v1.service." + instance + ".ecap." + request.subject,
            headers,
            question,
            Duration.ofMillis(command.get("wait").asLong()))
        .whenComplete(
            (message, problem) -> {
              try {
                if (problem != null) {
                  fail(command, problem);
                } else {
                  succeed(command, Records.toJson(Records.decode(request.answer, message.getData())));
                }
              } catch (IOException e) {
                fail(command, e);
              }
            });
  }

  private void succeed(JsonNode command, ObjectNode answer) {
    ObjectNode said = line();
    said.set("id", command.get("id"));
    said.set("answer", answer);
    say(said);
  }

  private void fail(JsonNode command, Throwable problem) {
    ObjectNode said = line();
    said.set("id", command.get("id"));
    say(said.put("error", problem.toString()));
  }
}
