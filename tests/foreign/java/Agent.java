// Reads CM's monitoring agent with Jolokia's own Java client, and prints one JSON object with all results.
package cm.foreign;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import javax.management.ObjectName;
import org.jolokia.client.J4pClient;
import org.jolokia.client.exception.J4pBulkRemoteException;
import org.jolokia.client.exception.J4pException;
import org.jolokia.client.exception.J4pRemoteException;
import org.jolokia.client.request.J4pExecRequest;
import org.jolokia.client.request.J4pListRequest;
import org.jolokia.client.request.J4pListResponse;
import org.jolokia.client.request.J4pReadRequest;
import org.jolokia.client.request.J4pReadResponse;
import org.jolokia.client.request.J4pRequest;
import org.jolokia.client.request.J4pResponse;
import org.jolokia.client.request.J4pSearchRequest;
import org.jolokia.client.request.J4pSearchResponse;
import org.jolokia.client.request.J4pVersionRequest;
import org.jolokia.client.request.J4pVersionResponse;
import org.jolokia.client.request.J4pWriteRequest;

public final class Agent {
  private static final String MEMORY = "java.lang:type=Memory";

  private static final ObjectNode RESULTS = Records.JSON.createObjectNode();

  private Agent() {}

  private static void put(String name, Object value) {
    RESULTS.set(name, Records.JSON.valueToTree(value));
  }

  private static J4pClient client(String password) {
    return J4pClient.url(System.getenv("AGENT_URL")).user("monitor").password(password).build();
  }

  /** Sends a request that must fail; puts the status and the type of the error. */
  private static void refused(J4pClient client, String name, J4pRequest request) throws J4pException {
    try {
      client.execute(request);
      put(name, "no error");
    } catch (J4pRemoteException e) {
      put(name, Map.of("status", e.getStatus(), "type", String.valueOf(e.getErrorType())));
    }
  }

  public static void main(String[] arguments) throws Exception {
    J4pClient client = client(System.getenv("AGENT_PASSWORD"));
    J4pVersionResponse version = client.execute(new J4pVersionRequest());
    put("version", Map.of("protocol", version.getProtocolVersion(), "product", String.valueOf(version.getProduct())));
    J4pListResponse list = client.execute(new J4pListRequest(List.of()));
    put("list", list.getValue());
    J4pSearchResponse search = client.execute(new J4pSearchRequest("java.lang:type=*"));
    put("search", search.getMBeanNames());

    J4pReadRequest heap = new J4pReadRequest(MEMORY, "HeapMemoryUsage");
    for (String method : List.of("GET", "POST")) {
      put("heap by " + method, client.execute(heap, method).getValue());
    }
    J4pReadRequest max = new J4pReadRequest(MEMORY, "HeapMemoryUsage");
    max.setPath("max");
    put("path", client.execute(max).getValue());
    J4pReadResponse several = client.execute(new J4pReadRequest(MEMORY, "HeapMemoryUsage", "NonHeapMemoryUsage"));
    put("several", several.getAttributes());
    put("pool", client.execute(new J4pReadRequest("com.zaxxer.hikari:type=Pool (HikariPool-1)")).getValue());
    J4pReadResponse pattern = client.execute(new J4pReadRequest("java.lang:*", "ThreadCount"));
    put("pattern", pattern.getObjectNames().stream().map(ObjectName::toString).toList());
    String health = "org.springframework.boot:type=Endpoint,name=healthEndpoint";
    put("health", client.execute(new J4pReadRequest(health, "Data")).getValue());

    refused(client, "exec", new J4pExecRequest(MEMORY, "gc"));
    refused(client, "write", new J4pWriteRequest(MEMORY, "Verbose", true));
    refused(client, "missing", new J4pReadRequest("java.lang:type=Nothing"));
    refused(client("wrong-password"), "login", new J4pVersionRequest());

    ArrayNode bulk = RESULTS.putArray("bulk");
    try {
      client.execute(List.of(heap, new J4pExecRequest(MEMORY, "gc"), max));
    } catch (J4pBulkRemoteException e) {
      for (Object result : e.getResults()) {
        if (result instanceof J4pRemoteException) {
          bulk.add(((J4pRemoteException) result).getStatus());
        } else {
          bulk.add(Records.JSON.valueToTree(((J4pResponse<?>) result).getValue()));
        }
      }
    }
    System.out.println(RESULTS);
  }
}
