using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>One end of a reference, as seen from the other.</summary>
/// <param name="Target">A codex address or a file path.</param>
internal sealed record LinkedCodex(string Kind, string Target, string Title, bool Exists);

/// <summary>A reference between two codices.</summary>
/// <param name="From">The source of the reference: a template id or an address.</param>
/// <param name="To">Null for a file.</param>
/// <param name="File">The path as written; null for a codex.</param>
internal sealed record CodexReference(string Kind, string From, CodexUri? To, string? File);

/// <summary>References between documents, chats and settings. Read from the files on each call; nothing is cached.</summary>
/// <param name="chats">Returns all chats and tasks, including archived ones.</param>
/// <param name="contextFilesOf">Returns the pinned files of a chat by its id.</param>
/// <param name="isProvider">True if a provider with this name has a file or was detected on this machine.</param>
/// <param name="trustedFolders">The base of relative paths; if null, only absolute paths are checked.</param>
internal sealed class CodexLinks(
    Documents documents,
    PluePaths paths,
    Func<IReadOnlyList<ChatSummary>> chats,
    Func<string, IReadOnlyList<string>> contextFilesOf,
    Func<string, bool> isProvider,
    Func<WorkspaceFolders?> trustedFolders
)
{
    private const string ProviderKind = "provider_ref";
    private const string PromptKind = "prompt";
    private const string TemplateKind = "template";
    private const string FileKind = "file";

    /// <summary>Gets the references in the field defaults of the effective templates, including inherited ones.</summary>
    public static IEnumerable<CodexReference> OfTemplates(TemplateCatalog templates) =>
        templates
            .List()
            .Where(entry => entry.Template is not null)
            .DistinctBy(entry => entry.Id)
            .SelectMany(entry => OfTemplate(entry.Template!));

    /// <summary>Gets the references in the settings. The kind is the setting's key.</summary>
    public static IEnumerable<CodexReference> OfSettings(PluePaths paths) =>
        FoundReferences
            .InSettings(UserConfig.Read(paths).Values)
            .Where(found => found.To is not null)
            .Select(found => new CodexReference(found.Field, paths.Config, found.To, null))
            .Distinct();

    /// <summary>Gets the references to a codex, sorted by title.</summary>
    public IReadOnlyList<LinkedCodex> Incoming(CodexUri uri)
    {
        List<LinkedCodex> links = [];
        foreach (var codex in documents.All.SelectMany(files => files.List()).Where(codex => codex.Uri is not null && codex.Uri != uri))
        {
            links.AddRange(
                Of(codex)
                    .Where(reference => reference.To == uri)
                    .Select(reference => new LinkedCodex(reference.Kind, codex.Uri!.ToString(), codex.Title, true))
            );
        }

        links.AddRange(
            OfSettings(paths)
                .Where(reference => reference.To == uri)
                .Select(reference => new LinkedCodex(reference.Kind, paths.Config, "Settings", true))
        );
        links.AddRange(
            chats()
                .SelectMany(chat =>
                    Of(chat)
                        .Where(reference => reference.To == uri)
                        .Select(reference => new LinkedCodex(reference.Kind, reference.From, chat.Title, true))
                )
        );
        return [.. links.Distinct()];
    }

    /// <summary>Gets the references from a codex, in file order.</summary>
    /// <exception cref="Messages.FailureException">NotFound.</exception>
    public IReadOnlyList<LinkedCodex> Outgoing(CodexUri uri)
    {
        IEnumerable<CodexReference> references;
        if (IsChannel(uri))
        {
            var chat =
                chats().FirstOrDefault(chat => chat.Id == uri.Name)
                ?? throw new Messages.FailureException(Messages.FailureKind.NotFound, "This chat no longer exists. Choose another.");
            references = Of(chat).Concat(contextFilesOf(chat.Id).Select(file => new CodexReference(FileKind, uri.ToString(), null, file)));
        }
        else
        {
            references = Of(documents.Get(uri));
        }

        return [.. references.Where(reference => reference.To != uri).Select(End).Distinct()];
    }

    private static IEnumerable<CodexReference> OfTemplate(Template template)
    {
        if (template.ParentTemplate is { } parent && CodexUri.TryOf(CodexCollection.Templates, parent, out var uri))
        {
            yield return new CodexReference(TemplateKind, template.Id, uri, null);
        }

        foreach (
            var reference in template
                .Fields.Where(field => field.Default is not null)
                .SelectMany(field => FoundReferences.In(field.Default!, field, field.Name))
                .SelectMany(found => Of(found, template.Id))
        )
        {
            yield return reference;
        }

        foreach (var spawned in template.Hooks.Select(hook => hook.Action).OfType<HookAction.SpawnTask>())
        {
            if (CodexUri.TryOf(CodexCollection.Templates, spawned.TemplateId, out var child))
            {
                yield return new CodexReference(TemplateKind, template.Id, child, null);
            }
        }
    }

    /// <summary>Returns nothing for secrets and for malformed addresses.</summary>
    private static IEnumerable<CodexReference> Of(FoundReference found, string from) =>
        found switch
        {
            { To: { } uri } => [new CodexReference(KindOf(found.Field), from, uri, null)],
            { Form: ReferenceForm.File } => [new CodexReference(FileKind, from, null, found.Text)],
            _ => [],
        };

    /// <summary>Gets the references of a chat.</summary>
    public static IEnumerable<CodexReference> Of(ChatSummary chat)
    {
        var from = CodexUri.OfChannel(chat.Id).ToString();
        if (CodexUri.TryOf(CodexCollection.Templates, chat.TemplateId, out var template))
        {
            yield return new CodexReference(TemplateKind, from, template, null);
        }

        foreach (var provider in chat.Fallbacks.Select(choice => choice.ProviderId).Prepend(chat.ProviderId).Distinct())
        {
            if (CodexUri.TryOf(CodexCollection.Providers, provider, out var uri))
            {
                yield return new CodexReference(ProviderKind, from, uri, null);
            }
        }

        if (CodexUri.TryParse(chat.SpawnedBy, out var parent))
        {
            yield return new CodexReference(StoredChat.SpawnedByField, from, parent, null);
        }
    }

    private IEnumerable<CodexReference> Of(FileCodex codex)
    {
        if (codex.Uri?.Collection == CodexCollection.Templates && documents.Templates.Find(codex.Id) is { } own)
        {
            return OfTemplate(own);
        }

        var template = documents.Templates.Find(codex.TemplateId);
        var from = codex.Uri?.ToString() ?? codex.Id;
        var references = FoundReferences.In(codex.Values, template?.Fields ?? []).SelectMany(found => Of(found, from));
        return codex.Uri?.Collection is CodexCollection.Items && CodexUri.TryOf(CodexCollection.Templates, codex.TemplateId, out var uri)
            ? references.Prepend(new CodexReference(TemplateKind, from, uri, null))
            : references;
    }

    private static bool IsChannel(CodexUri uri) => uri.Collection is CodexCollection.Chats or CodexCollection.Tasks;

    /// <summary>Gets the kind of reference of a field.</summary>
    public static string KindOf(string field) =>
        field switch
        {
            "system_prompt_ref" => PromptKind,
            _ => field,
        };

    private LinkedCodex End(CodexReference reference)
    {
        if (reference.To is not { } uri)
        {
            return new LinkedCodex(reference.Kind, reference.File!, Path.GetFileName(reference.File!), FileExists(reference.File!));
        }

        if (IsChannel(uri))
        {
            var chat = chats().FirstOrDefault(chat => chat.Id == uri.Name);
            return new LinkedCodex(reference.Kind, uri.ToString(), chat?.Title ?? uri.Name, chat is not null);
        }

        var codex = Documents.Has(uri.Collection) ? documents.Of(uri.Collection).Get(uri.Name) : null;
        return new LinkedCodex(
            reference.Kind,
            uri.ToString(),
            codex?.Title ?? uri.Name,
            codex is not null || (uri.Collection == CodexCollection.Providers && isProvider(uri.Name))
        );
    }

    private bool FileExists(string file) =>
        Path.IsPathFullyQualified(file) ? File.Exists(file) : trustedFolders() is { } folders && File.Exists(folders.Locate(file));
}
