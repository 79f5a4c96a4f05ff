using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>The target of an address.</summary>
/// <param name="Uri">The address of the codex; null for a secret and for an invalid address.</param>
/// <param name="Title">Null if the target does not exist.</param>
/// <param name="Path">The file to open; null for shipped documents, chats, tasks and secrets.</param>
/// <param name="Problem">One sentence if the target is missing or of the wrong kind; otherwise null.</param>
/// <param name="IsError">False for a target that may exist later: a provider that is not configured yet, a secret of a locked vault.</param>
internal sealed record Reference(CodexUri? Uri, string? Title, string? Path, string? Problem, bool IsError = true)
{
    /// <summary>True if the target exists but is of the wrong kind.</summary>
    public bool IsWrongKind { get; init; }
}

/// <summary>Resolves <c>codex://</c> and <c>vault://</c> addresses through all layers and reports dangling ones.</summary>
/// <param name="isProvider">True if a provider with this name has a file or was detected on this machine.</param>
/// <param name="channelTitle">Returns the title of a chat or task; null if it does not exist.</param>
/// <param name="defaultChoice">Returns the name of the user's default large or small provider by the name in the address; null if none is set.</param>
/// <param name="secrets">Returns the addresses in the vault; null while they are unavailable.</param>
internal sealed class References(
    Documents documents,
    Func<string, bool> isProvider,
    Func<CodexUri, string?> channelTitle,
    Func<string, ModelChoice?> defaultChoice,
    Func<IReadOnlySet<string>?> secrets
)
{
    public const string DefaultLarge = "default-large";
    public const string DefaultSmall = "default-small";

    /// <summary>The filter for prompts.</summary>
    public const string MarkdownFilter = PromptFormat.TemplateId;

    public Reference Resolve(FoundReference found) =>
        found switch
        {
            { Form: ReferenceForm.File } => new Reference(null, found.Text, null, null),
            { Form: ReferenceForm.Name, To: null } => new Reference(
                null,
                null,
                null,
                $"`{found.Text}` is not a valid name. Use lower-case letters, digits and hyphens."
            ),
            { Form: ReferenceForm.Name or ReferenceForm.Rule, To: { Collection: CodexCollection.Templates } uri } => OfTemplate(
                uri,
                found.Filter
            ),
            { Form: ReferenceForm.Name, To: { } uri } => Resolve(uri.ToString(), found.Filter),
            _ => Resolve(found.Text, found.Filter),
        };

    /// <param name="templateFilter">The template that the target must be or inherit from, or <see cref="MarkdownFilter"/>; null accepts any.</param>
    public Reference Resolve(string address, string? templateFilter)
    {
        if (SecretReference.FindIn(address) is { Reference: var secret })
        {
            return SecretReference.IsVault(secret) && secrets() is { } known && !known.Contains(secret)
                ? new Reference(
                    null,
                    null,
                    null,
                    $"The vault does not contain {secret}. Store it with Plue: Configure Provider Key.",
                    IsError: false
                )
                : new Reference(null, secret, null, null);
        }

        if (!CodexUri.TryParse(address, out var uri))
        {
            return new Reference(null, null, null, "The address must have the form codex://COLLECTION/NAME.");
        }

        if (WrongKind(uri, templateFilter) is { } wrong)
        {
            return new Reference(uri, null, null, wrong) { IsWrongKind = true };
        }

        return uri.Collection switch
        {
            CodexCollection.Chats or CodexCollection.Tasks => channelTitle(uri) is { } title
                ? new Reference(uri, title, null, null)
                : Dangling(uri, []),
            CodexCollection.Providers when uri.Name is DefaultLarge or DefaultSmall => OfDefault(uri),
            _ => OfDocument(uri, templateFilter),
        };
    }

    private Reference OfDefault(CodexUri uri) =>
        defaultChoice(uri.Name) is { } choice
            ? new Reference(uri, choice.Model is { } model ? $"{choice.ProviderId}, {model}" : choice.ProviderId, null, null)
            : new Reference(
                uri,
                null,
                null,
                $"No {(uri.Name == DefaultLarge ? "large" : "small")} default is chosen yet. Choose one with Plue: Choose Default Provider.",
                IsError: false
            );

    private Reference OfDocument(CodexUri uri, string? templateFilter)
    {
        var files = documents.Of(uri.Collection);
        if (files.Get(uri.Name) is not { } codex)
        {
            return uri.Collection == CodexCollection.Providers && isProvider(uri.Name)
                ? new Reference(uri, uri.Name, null, null)
                : Dangling(uri, files.List().Select(other => other.Id), isError: uri.Collection != CodexCollection.Providers);
        }

        var path = codex.Path.Length == 0 ? null : codex.Path;
        if (
            uri.Collection == CodexCollection.Items
            && templateFilter is not null
            && !documents.Templates.IsA(codex.TemplateId, templateFilter)
        )
        {
            return new Reference(uri, codex.Title, path, $"{uri} follows {codex.TemplateId}, and {templateFilter} is wanted here.")
            {
                IsWrongKind = true,
            };
        }

        return codex.IsBroken
            ? new Reference(
                uri,
                codex.Title,
                path,
                $"{uri} has errors and cannot be used: {codex.Problems.FirstOrDefault(problem => problem.IsError)?.Message}"
            )
            : new Reference(uri, codex.Title, path, null);
    }

    /// <summary>Resolves an id to the effective template.</summary>
    private Reference OfTemplate(CodexUri uri, string? ancestor)
    {
        var templates = documents.Templates;
        if (templates.Find(uri.Name) is not { } template)
        {
            var known = templates.List().Where(entry => entry.Template is not null).Select(entry => entry.Id);
            return new Reference(
                uri,
                null,
                null,
                $"The template `{uri.Name}` does not exist or has errors.{NearestName.Hint(uri.Name, known)}"
            );
        }

        var path = documents.Of(CodexCollection.Templates).Get(uri.Name) is { Path.Length: > 0 } file ? file.Path : null;
        return ancestor is null || templates.IsA(uri.Name, ancestor)
            ? new Reference(uri, template.Name, path, null)
            : new Reference(uri, template.Name, path, $"`{uri.Name}` does not inherit from {ancestor}, which is required here.")
            {
                IsWrongKind = true,
            };
    }

    /// <summary>Returns the collection of the targets that this filter accepts; null for any.</summary>
    public CodexCollection? ExpectedCollection(string? templateFilter) =>
        templateFilter switch
        {
            null => null,
            MarkdownFilter => CodexCollection.Prompts,
            _ => documents.Templates.CollectionOf(templateFilter) switch
            {
                TemplateCollection.Providers => CodexCollection.Providers,
                TemplateCollection.Chats => CodexCollection.Chats,
                TemplateCollection.Tasks => CodexCollection.Tasks,
                _ => CodexCollection.Items,
            },
        };

    /// <summary>Returns why an address of this collection is not valid here; null if it is.</summary>
    private string? WrongKind(CodexUri uri, string? templateFilter) =>
        ExpectedCollection(templateFilter) is { } requested && uri.Collection != requested
            ? $"{uri} has the wrong type: codex://{requested.ToString().ToLowerInvariant()}/… is required here."
            : null;

    private static Reference Dangling(CodexUri uri, IEnumerable<string> others, bool isError = true) =>
        new(uri, null, null, $"{uri} does not exist.{NearestName.Hint(uri.Name, [.. others])}", isError);
}
