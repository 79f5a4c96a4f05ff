using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>A problem in a document, for its author.</summary>
/// <param name="Message">One sentence. Never repeats a value that could be a secret.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">In UTF-16 code units, from 1.</param>
/// <param name="IsError">False for something that works but is probably unintended.</param>
internal sealed record DocumentProblem(string Message, int Line, int Column, bool IsError)
{
    /// <summary>One of <see cref="FindingCodes"/>.</summary>
    public string Code { get; init; } = FindingCodes.Field;

    /// <summary>Gets the affected member if the problem was found outside of the document, such as a wrong file name.</summary>
    public string? Member { get; init; }

    /// <summary>True if the document contains a key.</summary>
    public bool IsSecret => Code == FindingCodes.Secret;

    public static DocumentProblem Error(string message, Json5Span at) =>
        new(message, Math.Max(1, at.Line), Math.Max(1, at.Column), IsError: true);

    public static DocumentProblem Warning(string message, Json5Span at) =>
        new(message, Math.Max(1, at.Line), Math.Max(1, at.Column), IsError: false);

    public static IEnumerable<DocumentProblem> From(Json5Document document) =>
        document.Errors.Select(error => Error(error.Message, error.Span) with { Code = FindingCodes.Syntax });

    public override string ToString() => $"{Line}:{Column} {(IsError ? "error" : "warning")}: {Message}";
}
