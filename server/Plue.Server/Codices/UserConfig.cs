using System.Text;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>What <c>config.json5</c> says.</summary>
/// <param name="DefaultProvider">The name in <c>codex://providers/NAME</c> that new chats begin with; null while nobody chose.</param>
/// <param name="Problems">With an error the file is not followed at all and the defaults count.</param>
public sealed record UserConfig(string? DefaultProvider, IReadOnlyList<DocumentProblem> Problems)
{
    private const string DefaultProviderKey = "default_provider";

    private static readonly Lock Gate = new();

    /// <summary>A missing file says nothing. Keys that this version does not know are kept and passed over.</summary>
    public static UserConfig Read(PluePaths paths)
    {
        var (bytes, problem) = DocumentFile.Read(paths.Config);
        if (bytes is null) { return new UserConfig(null, problem is null ? [] : [problem]); }

        var document = Json5Reader.Read(bytes);
        if (document.Root is null && document.Text.AsSpan().Trim('\uFEFF').IsWhiteSpace() && bytes.Length <= Json5Reader.MaxBytes) { return new UserConfig(null, []); }

        var problems = DocumentProblem.From(document).Concat(LiteralSecrets.Find(document)).ToList();
        if (!document.IsValid) { return new UserConfig(null, problems); }

        if (document.Root is not Json5Object values)
        {
            return new UserConfig(null, [DocumentProblem.Error("The file holds no object.", document.Root?.Span ?? default), .. problems]);
        }

        foreach (var member in values.Members.Where(member => member.Name != DefaultProviderKey))
        {
            if (NearestName.Of(member.Name, [DefaultProviderKey]) is { } nearest) { problems.Add(DocumentProblem.Warning($"`{member.Name}` is not known. Did you mean `{nearest}`?", member.NameSpan)); }
        }

        return new UserConfig(ReadProvider(values, problems), problems);
    }

    /// <param name="id">Null removes the choice.</param>
    /// <exception cref="FailureException">Conflict: the file has a mistake and is left alone. StoreReadOnly.</exception>
    public static UserConfig SetDefaultProvider(PluePaths paths, string? id)
    {
        var uri = id is null ? null : CodexUri.Of(CodexCollection.Providers, id);
        lock (Gate)
        {
            var (bytes, problem) = DocumentFile.Read(paths.Config);
            if (problem is not null) { throw new FailureException(FailureKind.Conflict, $"The settings were not changed. {problem.Message}"); }

            if (bytes is null && uri is null) { return Read(paths); }

            var document = Json5Reader.Read(bytes ?? []);
            var text = document.Text;
            // An empty file is an error of JSON5 and no mistake here.
            var edited = uri is not null && text.AsSpan().Trim('\uFEFF').IsWhiteSpace()
                ? Json5Edit.Set("", [DefaultProviderKey], new Json5String(uri.Name))
                : !document.IsValid ? new Json5Edited(text, document.Errors[0])
                : uri is null ? Json5Edit.Remove(text, [DefaultProviderKey])
                : Json5Edit.Set(text, [DefaultProviderKey], new Json5String(uri.Name));
            if (edited.Error is { } error)
            {
                throw new FailureException(FailureKind.Conflict,
                    $"The settings were not changed, because {paths.Config} has a mistake at line {error.Span.Line}, column {error.Span.Column}: {error.Message} Open it and correct it.");
            }

            DocumentFile.Replace(paths.Config, Encoding.UTF8.GetBytes(edited.Text));
            return Read(paths);
        }
    }

    /// <summary>A name, or the whole address.</summary>
    private static string? ReadProvider(Json5Object values, List<DocumentProblem> problems)
    {
        if (!values.Has(DefaultProviderKey)) { return null; }

        var text = values.GetString(DefaultProviderKey);
        if (CodexUri.TryParse(text, out var uri) ? uri.Collection == CodexCollection.Providers : CodexUri.TryOf(CodexCollection.Providers, text, out uri)) { return uri.Name; }

        problems.Add(DocumentProblem.Error($"`{DefaultProviderKey}` is not the name of a provider.", values.Find(DefaultProviderKey)!.Span));
        return null;
    }
}
