using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>codex/* for the collections whose codices are files: providers, prompts, templates and items. The command line uses the same methods.</summary>
/// <param name="changed">Called after each change with the address and the current document; null if it was deleted.</param>
/// <param name="hooks">Null if nothing is created or changed.</param>
internal sealed class DocumentHandlers(
    Documents documents,
    CodexLinks links,
    CodexRename rename,
    ProviderRegistry providers,
    Action<string, CodexSummary?> changed,
    ItemHooks? hooks = null
)
{
    private const int MaxVersions = 500;
    private const int MaxDiff = 64 * 1024;

    /// <param name="updateChat">Updates a chat by its id; null to write to its file.</param>
    /// <param name="automation">Runs the hooks of items; null if nothing is created or changed.</param>
    public static DocumentHandlers Of(
        Services services,
        Action<string, CodexSummary?> changed,
        Func<string, ChatFields, CancellationToken, Task>? updateChat = null,
        Automation? automation = null
    )
    {
        var documents = services.Codices.Documents;
        return new DocumentHandlers(
            documents,
            services.Documents.Links,
            services.Documents.Rename(updateChat),
            services.Providers.Registry,
            changed,
            automation is null ? null : new ItemHooks(automation, documents)
        );
    }

    /// <summary>True if codices of this collection are files.</summary>
    public static bool Takes(string collection) =>
        Enum.TryParse<CodexCollection>(collection, ignoreCase: true, out var known) && Documents.Has(known);

    /// <summary>True if the codex with this address is a file.</summary>
    public static bool TakesUri(string uri) => CodexUri.TryParse(uri, out var known) && Documents.Has(known.Collection);

    /// <summary>True if the new codex is a file: because of its collection or its template.</summary>
    public bool Takes(CodexCreateParams parameters) =>
        parameters.Collection is { } collection
            ? Takes(collection)
            : documents.Templates.Find(parameters.TemplateId) is not null && ItemFormat.Accepts(documents.Templates, parameters.TemplateId);

    public CodexListResult List(CodexListParams parameters)
    {
        var files = documents.Of(Collection(parameters.Collection));
        var all = parameters.Deleted == true ? files.Deleted() : files.List();
        var rows = all.Where(codex =>
            codex.Uri is not null
            && (parameters.TemplateId is not { } id || codex.TemplateId == id || documents.Templates.IsA(codex.TemplateId, id))
        );
        var (page, total) = ChatRows.QueryOf(parameters).Apply(rows, ValueOf);
        return new CodexListResult(
            [.. page.Select(codex => Summary(codex, parameters.Deleted == true ? VersionTrail.Empty : files.TrailOf(codex)))],
            total
        );
    }

    public CodexGetResult Get(string address)
    {
        var (uri, files) = Parse(address);
        var codex = documents.Get(uri);
        var trail = files.TrailOf(codex);
        var isOwn = codex.Layer == TemplateLayer.User;
        return new CodexGetResult
        {
            Codex = Summary(codex, trail),
            Messages = [],
            Offset = 0,
            Queue = [],
            CanUndo = isOwn && trail.UndoTo is not null,
            CanRedo = isOwn && trail.RedoTo is not null,
            ContextFiles = [],
            Document = View(codex, files, trail),
            LastSeq = 0,
            HookFailures = trail.HookFailures is { Count: > 0 } failures ? [.. failures.Select(ToProtocol.HookFailure)] : null,
            ReadOnlyReason =
                codex.Layer == TemplateLayer.Workspace
                    ? "This belongs to the workspace. Edit its file there, or make your own copy."
                    : null,
        };
    }

    /// <summary>Returns the file in an earlier version, with the problems of that version.</summary>
    public CodexGetResult GetVersion(string address, long version)
    {
        var (uri, files) = Parse(address);
        var content = files.ContentOf(uri, version) ?? throw NoVersion(uri, version);
        var now = Get(address);
        var reading = files.Format.Read(uri.Name, content);
        return now with
        {
            Document = now.Document! with
            {
                Text = Text(files, content),
                Values = Values(reading.Values),
                Problems = Problems(reading.Problems),
            },
        };
    }

    public async Task<CodexSummary> CreateAsync(CodexCreateParams parameters, CancellationToken cancellationToken)
    {
        var collection = parameters.Collection is { } named ? Collection(named) : CodexCollection.Items;
        var files = documents.Of(collection);
        if (parameters.Title?.Trim() is not { Length: > 0 } title)
        {
            throw new FailureException(FailureKind.MissingField, "Enter a title. The file name is made from it.");
        }

        if (collection == CodexCollection.Items && documents.Templates.Find(parameters.TemplateId) is null)
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"There is no template {parameters.TemplateId}.{Platform.NearestName.Hint(parameters.TemplateId, ItemTemplates())}"
            );
        }

        if (collection == CodexCollection.Items && !ItemFormat.Accepts(documents.Templates, parameters.TemplateId))
        {
            throw new FailureException(FailureKind.MissingField, $"Codices of the template {parameters.TemplateId} are not items.");
        }

        var name = documents.FreeName(collection, title, IsReserved(collection));
        var template =
            collection == CodexCollection.Templates && documents.Templates.Find(parameters.TemplateId) is null ? "" : parameters.TemplateId;
        var text = parameters.Text is { } whole
            ? Adopted(files, whole, name)
            : files.Format.Write(name, title, template, Given(files, template, parameters.Values));
        return await FollowedAsync(null, files.Create(name, text, VersionAuthor.User, "Created"), files, cancellationToken);
    }

    public async Task<CodexSummary> UpdateAsync(CodexUpdateParams parameters, CancellationToken cancellationToken)
    {
        var (uri, files) = Parse(parameters.Uri);
        var before = files.Get(uri.Name);
        if (
            (
                parameters.Archived,
                parameters.ProviderId,
                parameters.Model,
                parameters.Fallbacks,
                parameters.Options,
                parameters.Pinned,
                parameters.ContextFiles
            )
            is not
            (null, null, null, null, null, null, null)
        )
        {
            throw new FailureException(
                FailureKind.MissingField,
                "Only chats have this field. Set the fields of a document by their names."
            );
        }

        if (parameters.Text is { } text)
        {
            return await FollowedAsync(before, files.Replace(uri.Name, parameters.ExpectedVersion, text), files, cancellationToken);
        }

        var after = files.Change(
            uri.Name,
            parameters.ExpectedVersion,
            values =>
            {
                // Read under the lock, so that hooks do not attribute a concurrent change to this one.
                before = files.Get(uri.Name);
                List<(string Field, Json5Node? Value)> changes =
                [
                    .. (parameters.Set ?? new Dictionary<string, JsonElement>()).Select(pair => (pair.Key, FieldViews.ToJson5(pair.Value))),
                ];
                if (parameters.Title is { } title)
                {
                    changes.Add((files.Format.TitleField(values), new Json5String(title)));
                }
                if (parameters.Tags is { } tags)
                {
                    changes.Add((TemplateValidation.TagsField, Json5Array.Of(tags)));
                }
                foreach (var (field, more) in parameters.Append ?? new Dictionary<string, JsonElement>())
                {
                    var items = FieldViews.ToJson5(more) switch
                    {
                        Json5Array array => array.Items,
                        null => [],
                        var one => [one],
                    };
                    if (values.Find(field) is not (null or Json5Null or Json5Array))
                    {
                        throw new FailureException(FailureKind.MissingField, $"`{field}` is not a list, so nothing can be added to it.");
                    }

                    changes.Add((field, Json5Array.Of((values.GetArray(field)?.Items ?? []).Concat(items))));
                }

                files.Check(changes, files.Format.TemplateIdOf(uri.Name, values));
                return changes;
            }
        );
        return await FollowedAsync(before, after, files, cancellationToken);
    }

    /// <summary>Publishes a change that a tool made and runs its hooks.</summary>
    public Task FollowAsync(FileCodex? before, FileCodex after, CancellationToken cancellationToken) =>
        FollowedAsync(before, after, documents.Of(after.Uri!.Collection), cancellationToken);

    /// <summary>Runs the hooks after the file was written, and publishes their changes.</summary>
    private async Task<CodexSummary> FollowedAsync(
        FileCodex? before,
        FileCodex after,
        FileCodices files,
        CancellationToken cancellationToken
    )
    {
        var summary = Changed(after, files);
        return hooks is not null && await hooks.RunAsync(before, after, cancellationToken) is var now && now.Hash != after.Hash
            ? Changed(now, files)
            : summary;
    }

    public void Delete(string address)
    {
        var (uri, files) = Parse(address);
        if (uri.Collection == CodexCollection.Providers)
        {
            providers.Delete(uri.Name);
        }
        else
        {
            files.Delete(uri.Name);
        }

        // The shipped document applies again after the user's copy is deleted.
        var now = files.Get(uri.Name);
        changed(uri.ToString(), now is null ? null : Summary(now, files.TrailOf(now)));
    }

    public CodexSummary Restore(string address)
    {
        var (uri, files) = Parse(address);
        return Changed(files.Restore(uri.Name), files);
    }

    public CodexSummary Undo(string address)
    {
        var (uri, files) = Parse(address);
        return Changed(files.Undo(uri.Name), files);
    }

    public CodexSummary Redo(string address)
    {
        var (uri, files) = Parse(address);
        return Changed(files.Redo(uri.Name), files);
    }

    public CodexSummary Fork(CodexForkParams parameters)
    {
        var (uri, files) = Parse(parameters.Uri);
        var source = files.Get(uri.Name);
        var content = parameters.Version is { } version
            ? files.ContentOf(uri, version) ?? throw NoVersion(uri, version)
            : files.BytesOf(source ?? documents.Get(uri))
                ?? throw new FailureException(FailureKind.NotFound, $"{uri} cannot be read, so it cannot be copied.");
        var text =
            PromptFormat.Decode(content)
            ?? throw new FailureException(FailureKind.Conflict, $"{uri} was not copied. {PromptFormat.NotText.Message}");
        var values = files.Format.Read(uri.Name, content).Values;
        var title = parameters.Title?.Trim() is { Length: > 0 } given ? given : $"{source?.Title ?? uri.Name} copy";
        var name = documents.FreeName(uri.Collection, title, IsReserved(uri.Collection));
        var renamed = files.Format.Edit(files.Format.Renamed(text, name), [(files.Format.TitleField(values), new Json5String(title))]);
        return Changed(
            files.Create(name, renamed.Error is null ? renamed.Text : text, VersionAuthor.User, $"Copied from {uri.Name}"),
            files
        );
    }

    public CodexHistoryResult History(string address)
    {
        var (uri, files) = Parse(address);
        var trail = files.TrailOf(uri);
        if (trail.Number == 0)
        {
            documents.Get(uri);
        }

        var diffs = new Dictionary<long, string>();
        var first = trail.Number - MaxVersions;
        string? before = null;
        files.Walk(
            uri,
            (number, content) =>
            {
                var text = content is null ? null : PromptFormat.Decode(content);
                if (number > first && text is not null && before is not null && UnifiedDiff.Of(before, text) is { Length: <= MaxDiff } diff)
                {
                    diffs[number] = LiteralSecrets.Redact(diff);
                }

                before = text;
            }
        );
        return new CodexHistoryResult([
            .. trail
                .Versions.Where(version => version.Number > first)
                .Reverse()
                .Select(version => new CodexVersionView(
                    version.Number,
                    version.Time,
                    version.Author,
                    version.Summary,
                    diffs.GetValueOrDefault(version.Number),
                    version.Number == trail.Number
                )),
        ]);
    }

    public async Task<CodexRenameResult> RenameAsync(CodexRenameParams parameters, CancellationToken cancellationToken)
    {
        var (uri, files) = Parse(parameters.Uri);
        var done = await rename.RunAsync(uri, parameters.Name, parameters.DryRun ?? false, cancellationToken);
        if (parameters.DryRun != true)
        {
            foreach (var holder in done.Updated.Select(end => end.Target).Distinct().Where(TakesUri).Select(CodexUri.Parse).Append(done.To))
            {
                if (documents.Of(holder.Collection).Get(holder.Name) is { } codex)
                {
                    Changed(codex, documents.Of(holder.Collection));
                }
            }

            // The shipped document applies again after the user's copy is renamed.
            changed(uri.ToString(), files.Get(uri.Name) is { } now ? Summary(now, files.TrailOf(now)) : null);
        }

        return new CodexRenameResult(
            done.To.ToString(),
            Views(done.Updated),
            [.. done.Left.Select(left => new SkippedReferenceView(left.Target, left.Title, left.Reason))]
        );
    }

    /// <summary>Returns the links of a codex in any collection, including chats.</summary>
    public CodexLinksResult Links(string address)
    {
        var uri = CodexUri.Parse(address);
        return new CodexLinksResult(Views(links.Incoming(uri)), Views(links.Outgoing(uri)));
    }

    /// <summary>Returns a field of the file or a column of its row.</summary>
    private static Json5Node? ValueOf(FileCodex codex, string field) =>
        codex.Values.Find(field)
        ?? field switch
        {
            "title" or "name" => new Json5String(codex.Title),
            "template" => new Json5String(codex.TemplateId),
            "layer" => new Json5String(codex.Layer.ToString().ToLowerInvariant()),
            "uri" => new Json5String(codex.Uri!.ToString()),
            "updated_at" => new Json5String(codex.Modified.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture)),
            _ => null,
        };

    private static CodexSummary Summary(FileCodex codex, VersionTrail trail) =>
        new()
        {
            Uri = codex.Uri!.ToString(),
            TemplateId = codex.TemplateId,
            Title = codex.Title,
            Status = codex.IsBroken ? CodexStatus.Damaged : CodexStatus.Idle,
            CreatedAt = trail.Versions is [var first, ..] ? first.Time : codex.Modified,
            UpdatedAt = codex.Modified,
            MessageCount = 0,
            Archived = false,
            Fallbacks = [],
            Options = ToProtocol.Options(Messages.ChatOptions.None),
            Tags = codex.Tags,
            Pinned = false,
            Unread = false,
            Version = trail.Number,
            Layer = (CodexLayer)codex.Layer,
            Description = codex.Description,
        };

    private static DocumentView View(FileCodex codex, FileCodices files, VersionTrail trail) =>
        new(
            Text(files, files.BytesOf(codex) ?? []),
            Values(codex.Values),
            Problems(codex.Problems),
            codex.Path.Length == 0 ? null : codex.Path,
            codex.Layer == TemplateLayer.User && trail.UndoTo is not null,
            codex.Layer == TemplateLayer.User && trail.RedoTo is not null
        );

    private static string Text(FileCodices files, byte[] content) => files.Format.Redact(PromptFormat.Decode(content) ?? "");

    private static IReadOnlyDictionary<string, JsonElement> Values(Json5Object values)
    {
        using var json = JsonDocument.Parse(RedactedJson.Of(values));
        return json
            .RootElement.EnumerateObject()
            .ToDictionary(member => member.Name, member => member.Value.Clone(), StringComparer.Ordinal);
    }

    private static IReadOnlyList<DocumentProblemView> Problems(IReadOnlyList<DocumentProblem> problems) =>
        [.. problems.Select(FieldViews.View)];

    private static IReadOnlyList<CodexLinkView> Views(IReadOnlyList<LinkedCodex> found) =>
        [.. found.Select(link => new CodexLinkView(link.Kind, link.Target, link.Title, link.Exists))];

    private static Json5Object Given(FileCodices files, string template, IReadOnlyDictionary<string, JsonElement>? values)
    {
        List<(string Field, Json5Node? Value)> given =
        [
            .. (values ?? new Dictionary<string, JsonElement>()).Select(pair => (pair.Key, FieldViews.ToJson5(pair.Value))),
        ];
        files.Check(given, template);
        return Json5Object.Of(given.Where(pair => pair.Value is not null).Select(pair => (pair.Field, pair.Value!)));
    }

    /// <summary>Returns a file's text adapted to the unused name, which is also the id of a template.</summary>
    private string Adopted(FileCodices files, string text, string name) =>
        files.Format.Renamed(
            files.Format.Collection == CodexCollection.Templates
                ? ReferenceEdit.Adopt(
                    text,
                    name,
                    documents.Templates.Find,
                    prompt => documents.Of(CodexCollection.Prompts).Get(prompt) is not null
                )
                : text,
            name
        );

    private IEnumerable<string> ItemTemplates() =>
        documents
            .Templates.List()
            .Where(entry => entry.Template is not null && ItemFormat.Accepts(documents.Templates, entry.Id))
            .Select(entry => entry.Id);

    private static Func<string, bool>? IsReserved(CodexCollection collection) =>
        collection == CodexCollection.Providers ? ProviderRegistry.IsReserved : null;

    private CodexSummary Changed(FileCodex codex, FileCodices files)
    {
        var summary = Summary(codex, files.TrailOf(codex));
        changed(summary.Uri, summary);
        return summary;
    }

    private static FailureException NoVersion(CodexUri uri, long version) =>
        new(FailureKind.NotFound, $"There is no readable version {version} of {uri}.");

    private static CodexCollection Collection(string name) =>
        Enum.TryParse<CodexCollection>(name, ignoreCase: true, out var collection)
        && Enum.IsDefined(collection)
        && !char.IsAsciiDigit(name[0])
            ? collection
            : throw new FailureException(FailureKind.NotFound, $"There is no collection {name}.");

    private (CodexUri Uri, FileCodices Files) Parse(string address)
    {
        var uri = CodexUri.Parse(address);
        return (uri, documents.Of(uri.Collection));
    }
}
