// Converts between JSON and the classes that Avro's compiler makes from docs/avro.
package cm.foreign;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;

final class Records {
  static final ObjectMapper JSON = new ObjectMapper();

  private Records() {}

  /** A record with these fields; one that is missing gets the default of the schema. */
  static <T extends SpecificRecordBase> T fromJson(Class<T> type, JsonNode fields) throws ReflectiveOperationException {
    T record = type.getDeclaredConstructor().newInstance();
    for (Schema.Field field : record.getSchema().getFields()) {
      JsonNode value = fields.get(field.name());
      Object converted = value == null ? SpecificData.get().getDefaultValue(field) : valueOf(field.schema(), value);
      record.put(field.pos(), converted);
    }
    return record;
  }

  private static Object valueOf(Schema schema, JsonNode value) {
    switch (schema.getType()) {
      case LONG:
        return value.asLong();
      case INT:
        return value.asInt();
      case ARRAY:
        List<String> items = new ArrayList<>();
        value.forEach(item -> items.add(item.asText()));
        return items;
      default: // a string, or a union of it and null
        return value.isNull() ? null : value.asText();
    }
  }

  static ObjectNode toJson(SpecificRecordBase record) {
    ObjectNode json = JSON.createObjectNode();
    for (Schema.Field field : record.getSchema().getFields()) {
      Object value = record.get(field.pos());
      if (value instanceof List) {
        ArrayNode items = json.putArray(field.name());
        ((List<?>) value).forEach(item -> items.add(item.toString()));
      } else if (value instanceof Long) {
        json.put(field.name(), (Long) value);
      } else if (value instanceof Integer) {
        json.put(field.name(), (Integer) value);
      } else {
        json.put(field.name(), value == null ? null : value.toString());
      }
    }
    return json;
  }

  static byte[] encode(SpecificRecordBase record) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new SpecificDatumWriter<SpecificRecordBase>(record.getSchema()).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  /** Decodes exactly one record, without trailing bytes. */
  static <T extends SpecificRecordBase> T decode(Class<T> type, byte[] bytes) throws IOException {
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, null);
    T record = new SpecificDatumReader<T>(type).read(null, decoder);
    if (!decoder.isEnd()) {
      throw new IOException("bytes after the record");
    }
    return record;
  }
}
