using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>Something to tell the writer of a file.</summary>
/// <param name="Message">One sentence; never repeats a value that could be a secret.</param>
/// <param name="Line">The first line is 1.</param>
/// <param name="Column">In UTF-16 units; the first is 1.</param>
/// <param name="IsError">False for what works but is probably not meant.</param>
public sealed record DocumentProblem(string Message, int Line, int Column, bool IsError)
{
    /// <summary>One of <see cref="FindingCodes"/>.</summary>
    public string Code { get; init; } = FindingCodes.Field;

    /// <summary>The member that the problem is about, if it was found outside of the document, as a wrong file name is.</summary>
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
