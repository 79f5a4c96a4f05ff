using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Telemetry;

/// <summary>Writes OTLP JSON: IDs in hexadecimal, 64-bit numbers as strings.</summary>
internal static class OtlpJson
{
    private const string Scope = "plue";
    private const int ErrorStatus = 2;
    private const int Cumulative = 2;

    public static byte[] Traces(IReadOnlyList<Span> spans) =>
        Write(json =>
        {
            json.WriteStartArray("resourceSpans"u8);
            json.WriteStartObject();
            WriteResource(json);
            json.WriteStartArray("scopeSpans"u8);
            json.WriteStartObject();
            WriteScope(json);
            json.WriteStartArray("spans"u8);
            foreach (var span in spans)
            {
                WriteSpan(json, span);
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        });

    public static byte[] Metrics(MetricSums metrics, DateTimeOffset now) =>
        Write(json =>
        {
            json.WriteStartArray("resourceMetrics"u8);
            json.WriteStartObject();
            WriteResource(json);
            json.WriteStartArray("scopeMetrics"u8);
            json.WriteStartObject();
            WriteScope(json);
            json.WriteStartArray("metrics"u8);
            foreach (var metric in metrics.ByMetric)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, metric.Key);
                json.WriteString("unit"u8, metric.Key == MetricSums.TokenUsage ? "{token}" : "s");
                json.WriteStartObject("histogram"u8);
                json.WriteNumber("aggregationTemporality"u8, Cumulative);
                json.WriteStartArray("dataPoints"u8);
                foreach (var series in metric)
                {
                    WritePoint(json, series, metrics.Start, now);
                }
                json.WriteEndArray();
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        });

    private static void WriteSpan(Utf8JsonWriter json, Span span)
    {
        json.WriteStartObject();
        json.WriteString("traceId"u8, span.TraceId);
        json.WriteString("spanId"u8, span.SpanId);
        if (span.ParentId is { } parent)
        {
            json.WriteString("parentSpanId"u8, parent);
        }
        json.WriteString("name"u8, span.Name);
        json.WriteNumber("kind"u8, (int)span.Kind);
        json.WriteString("startTimeUnixNano"u8, Nanoseconds(span.Start));
        json.WriteString("endTimeUnixNano"u8, Nanoseconds(span.End));
        WriteAttributes(json, span.ErrorType is { } error ? [.. span.Attributes, new("error.type", error)] : span.Attributes);
        json.WriteStartObject("status"u8);
        if (span.ErrorType is not null)
        {
            json.WriteNumber("code"u8, ErrorStatus);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WritePoint(Utf8JsonWriter json, MetricSums.Series series, DateTimeOffset start, DateTimeOffset now)
    {
        json.WriteStartObject();
        WriteAttributes(json, series.Attributes);
        json.WriteString("startTimeUnixNano"u8, Nanoseconds(start));
        json.WriteString("timeUnixNano"u8, Nanoseconds(now));
        json.WriteString("count"u8, Text(series.Count));
        json.WriteNumber("sum"u8, series.Sum);
        json.WriteStartArray("bucketCounts"u8);
        foreach (var count in series.Counts)
        {
            json.WriteStringValue(Text(count));
        }
        json.WriteEndArray();
        json.WriteStartArray("explicitBounds"u8);
        foreach (var bound in series.Bounds)
        {
            json.WriteNumberValue(bound);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteResource(Utf8JsonWriter json)
    {
        json.WriteStartObject("resource"u8);
        WriteAttributes(json, [new("service.name", "plue"), new("service.version", PlatformServices.Version)]);
        json.WriteEndObject();
    }

    private static void WriteScope(Utf8JsonWriter json)
    {
        json.WriteStartObject("scope"u8);
        json.WriteString("name"u8, Scope);
        json.WriteString("version"u8, PlatformServices.Version);
        json.WriteEndObject();
    }

    private static void WriteAttributes(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object>> attributes)
    {
        json.WriteStartArray("attributes"u8);
        foreach (var (key, value) in attributes)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, key);
            json.WritePropertyName("value"u8);
            WriteValue(json, value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        json.WriteStartObject();
        switch (value)
        {
            case string text:
                json.WriteString("stringValue"u8, text);
                break;
            case long number:
                json.WriteString("intValue"u8, Text(number));
                break;
            case double number:
                json.WriteNumber("doubleValue"u8, number);
                break;
            case bool flag:
                json.WriteBoolean("boolValue"u8, flag);
                break;
            case string[] texts:
                json.WriteStartObject("arrayValue"u8);
                json.WriteStartArray("values"u8);
                foreach (var text in texts)
                {
                    WriteValue(json, text);
                }
                json.WriteEndArray();
                json.WriteEndObject();
                break;
            default:
                throw new InvalidOperationException($"An attribute cannot be a {value.GetType().Name}.");
        }
        json.WriteEndObject();
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static string Nanoseconds(DateTimeOffset at) => Text((at - DateTimeOffset.UnixEpoch).Ticks * 100);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
