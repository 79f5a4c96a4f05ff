using System.Security.Cryptography;
using System.Text;

namespace Plue.Server.Telemetry;

/// <summary>The values of OTLP.</summary>
internal enum SpanKind
{
    Internal = 1,
    Client = 3,
}

/// <summary>A completed span.</summary>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="SpanId">16 hexadecimal digits.</param>
/// <param name="ParentId">Null for the root of a trace.</param>
/// <param name="Attributes">Values are strings, lists of strings, integers, floating-point numbers and booleans.</param>
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
    /// <summary>The kind of the error; null on success. The error message is omitted because it may contain content.</summary>
    public string? ErrorType { get; init; }

    public static string NewTraceId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    public static string NewSpanId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Gets the ID of a tool call's span, which is the parent of the task that the call starts.</summary>
    public static string IdOfCall(string turnSpanId, string toolUseId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{turnSpanId}\n{toolUseId}")).AsSpan(0, 8));
}
