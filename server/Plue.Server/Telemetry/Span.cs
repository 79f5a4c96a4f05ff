using System.Security.Cryptography;
using System.Text;

namespace Plue.Server.Telemetry;

/// <summary>The numbers of OTLP.</summary>
internal enum SpanKind
{
    Internal = 1,
    Client = 3,
}

/// <summary>A span that ended.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="SpanId">16 hexadecimal digits.</param>
/// <param name="ParentId">Null for the root of a trace.</param>
/// <param name="Attributes">Values are texts, lists of texts, whole numbers, fractions, and booleans.</param>
internal sealed record Span(
    string TraceId,
    string SpanId,
    string? ParentId,
    string Name,
    SpanKind Kind,
    DateTimeOffset Start,
    DateTimeOffset End,
    IReadOnlyList<KeyValuePair<string, object>> Attributes
)
{
    /// <summary>The kind of the error; null if it did not fail. Its text could have content.</summary>
    public string? ErrorType { get; init; }

    public static string NewTraceId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public static string NewSpanId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>The span of a tool call, which the task that it starts has as its parent.</summary>
    public static string IdOfCall(string turnSpanId, string toolUseId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{turnSpanId}\n{toolUseId}")).AsSpan(0, 8));
}
