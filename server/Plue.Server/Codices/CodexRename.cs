using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <param name="Updated">The updated references; in a dry run, those that would be updated.</param>
/// <param name="Left">The references that still use the old name, with the reason.</param>
internal sealed record RenameResult(CodexUri From, CodexUri To, IReadOnlyList<LinkedCodex> Updated, IReadOnlyList<SkippedReference> Left);

/// <param name="Target">A codex address or a file path.</param>
internal sealed record SkippedReference(string Target, string Title, string Reason);

/// <summary>The services that store names of documents outside of documents; set in <c>Modules/DocumentServices</c>.</summary>
/// <param name="Chats">Returns all chats and tasks, including archived ones.</param>
/// <param name="ValuesOf">Returns the template-defined fields of a chat by its id.</param>
/// <param name="UpdateChat">Updates a chat by its id.</param>
/// <param name="IsReserved">True if the provider name is reserved.</param>
/// <param name="RefuseProvider">Throws if something that cannot be moved depends on the provider's name.</param>
/// <param name="ImpliedFields">Returns the fields that the provider's file must contain after the rename because the old name implied them.</param>
/// <param name="ProviderRenamed">Moves the stored state of a renamed provider.</param>
internal sealed record RenameServices(
    Func<IReadOnlyList<ChatSummary>> Chats,
    Func<string, IReadOnlyDictionary<string, JsonElement>> ValuesOf,
    Func<string, ChatFields, CancellationToken, Task> UpdateChat,
    Func<string, bool> IsReserved,
    Func<string, CancellationToken, Task> RefuseProvider,
    Func<FileCodex, IReadOnlyList<(IReadOnlyList<string> Path, string Value)>> ImpliedFields,
    Action<string, string> ProviderRenamed
);

/// <summary>
/// Renames a document with its history and updates references to it. The document exists under both names until the last reference is updated, so an
/// interrupted rename leaves no dangling references and can be repeated.
/// </summary>
internal sealed class CodexRename(Documents documents, PluePaths paths, RenameServices services)
{
    /// <exception cref="FailureException">
    /// NotFound: no such document, or an invalid name. Conflict: the name is taken, or the file has an error. PermissionDenied: it ships with Plue or belongs
    /// to the workspace. StoreReadOnly.
    /// </exception>
    public async Task<RenameResult> RunAsync(CodexUri from, string name, bool dryRun, CancellationToken cancellationToken)
    {
        var files = documents.Of(from.Collection);
        var codex = Own(from, files);
        var to = CodexUri.Of(from.Collection, name);
        if (from.Collection == CodexCollection.Templates && !TemplateReader.IsId(to.Name))
        {
            throw new FailureException(FailureKind.NotFound, "A template id may contain only lower-case letters, digits and hyphens.");
        }

        if (from == to)
        {
            throw new FailureException(FailureKind.Conflict, $"{from} already has this name.");
        }
        if (from.Collection == CodexCollection.Providers && services.IsReserved(to.Name))
        {
            throw new FailureException(FailureKind.Conflict, $"{to.Name} is reserved for the default provider. Choose another name.");
        }
        if (from.Collection == CodexCollection.Providers)
        {
            await services.RefuseProvider(from.Name, cancellationToken);
        }

        var text = NewText(codex, files, from, to);
        if (
            files.Get(to.Name) is { } taken
            && !(taken.Layer == TemplateLayer.User && files.BytesOf(taken) is { } there && PromptFormat.Decode(there) == text)
        )
        {
            throw new FailureException(FailureKind.Conflict, $"{to} already exists. Choose another name.");
        }

        if (!dryRun)
        {
            files.CopyTo(from.Name, to.Name, text);
        }

        List<LinkedCodex> updated = [];
        List<SkippedReference> left = [];
        foreach (
            var holder in documents
                .All.SelectMany(all => all.List().Select(holder => (Files: all, Codex: holder)))
                .Where(holder => holder.Codex.Uri is { } uri && uri != from && uri != to)
        )
        {
            InDocument(holder.Files, holder.Codex, from, to, dryRun, updated, left);
        }

        InSettings(from, to, dryRun, updated, left);
        await InChatsAsync(from, to, dryRun, updated, left, cancellationToken);
        if (!dryRun)
        {
            if (from.Collection == CodexCollection.Providers)
            {
                services.ProviderRenamed(from.Name, to.Name);
            }

            files.RemoveRenamed(from.Name, to.Name, codex.Hash);
        }

        return new RenameResult(from, to, [.. updated.Distinct()], left);
    }

    private static FileCodex Own(CodexUri uri, FileCodices files) =>
        files.Get(uri.Name) switch
        {
            null => throw new FailureException(
                FailureKind.NotFound,
                $"{uri} does not exist as a file. It may have been deleted or renamed. Choose another."
            ),
            { Layer: TemplateLayer.Shipped } => throw new FailureException(
                FailureKind.PermissionDenied,
                $"{uri} ships with Plue and cannot be renamed. Create a copy with the name you want."
            ),
            { Layer: TemplateLayer.Workspace } => throw new FailureException(
                FailureKind.PermissionDenied,
                $"{uri} belongs to the workspace. Rename its file there."
            ),
            var codex => codex,
        };

    /// <summary>Returns the document text for the new name, with references to itself updated.</summary>
    private string NewText(FileCodex codex, FileCodices files, CodexUri from, CodexUri to)
    {
        var text = files.BytesOf(codex) is { } bytes ? PromptFormat.Decode(bytes) : null;
        if (text is null || (files.Format.Extension == ".json5" && !Json5Reader.Read(text).IsValid))
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"{from} was not renamed because its file has an error. Open {codex.Path} and fix it."
            );
        }

        var (renamed, _) = Rewritten(files, codex, text, from, to);
        if (from.Collection == CodexCollection.Providers)
        {
            foreach (var (path, value) in services.ImpliedFields(codex))
            {
                renamed = Json5Edit.Set(renamed, path, new Json5String(value)).Text;
            }
        }

        return files.Format.Renamed(renamed, to.Name);
    }

    /// <summary>Returns the text with its references renamed, and the fields that contain them.</summary>
    private (string Text, IReadOnlyList<string> Fields) Rewritten(
        FileCodices files,
        FileCodex codex,
        string text,
        CodexUri from,
        CodexUri to
    )
    {
        if (files.Format.Extension != ".json5")
        {
            var head = FrontMatter.Parse(text).Values;
            var found = FoundReferences.In(head, []).Where(reference => reference.To == from).ToList();
            return (
                found
                    .Select(reference => reference.Field)
                    .Distinct()
                    .Aggregate(
                        text,
                        (changed, field) => FrontMatter.Set(changed, field, Renamed(head.Find(field)!, field, from, to)) ?? changed
                    ),
                [.. found.Select(reference => reference.Field)]
            );
        }

        if (Json5Reader.Read(text).Root is not Json5Object root)
        {
            return (text, []);
        }

        List<FoundReference> references =
        [
            .. FoundReferences.InFile(files.Format.Collection, root, documents.Templates.Find).Where(reference => reference.To == from),
        ];
        return (ReferenceEdit.Rename(text, references, from, to), [.. references.Select(reference => reference.Field)]);
    }

    /// <param name="name">The nearest key above the value.</param>
    private static Json5Node Renamed(Json5Node value, string name, CodexUri from, CodexUri to) =>
        value switch
        {
            Json5Array array => Json5Array.Of(array.Items.Select(item => Renamed(item, name, from, to))),
            Json5Object inner => Json5Object.Of(
                inner.Members.Select(member => (member.Name, Renamed(member.Value, member.Name, from, to)))
            ),
            Json5String text when FoundReferences.In(text, null, name).FirstOrDefault(reference => reference.To == from) is { } found =>
                new Json5String(found.Renamed(to)),
            _ => value,
        };

    private void InDocument(
        FileCodices files,
        FileCodex holder,
        CodexUri from,
        CodexUri to,
        bool dryRun,
        List<LinkedCodex> updated,
        List<SkippedReference> left
    )
    {
        var (uri, text) = (holder.Uri!.ToString(), files.BytesOf(holder) is { } bytes ? PromptFormat.Decode(bytes) : null);
        if (text is null)
        {
            return;
        }

        var fields = Rewritten(files, holder, text, from, to).Fields;
        var isBroken = files.Format.Extension == ".json5" && !Json5Reader.Read(text).IsValid;
        if (fields.Count == 0)
        {
            // A file that cannot be parsed completely may contain a reference.
            if (isBroken && holder.Layer != TemplateLayer.Shipped && text.Contains(from.ToString(), StringComparison.Ordinal))
            {
                left.Add(new SkippedReference(uri, holder.Title, "Its file has an error."));
            }

            return;
        }

        var why = holder.Layer switch
        {
            TemplateLayer.Shipped => "Ships with Plue.",
            TemplateLayer.Workspace => "It belongs to the workspace.",
            _ when isBroken => "Its file has an error.",
            _ => null,
        };
        if (why is null && !dryRun)
        {
            try
            {
                files.Rewrite(holder.Id, $"Reference to {from} renamed", now => Rewritten(files, holder, now, from, to).Text);
            }
            catch (FailureException fault)
            {
                why = fault.Message;
            }
        }

        if (why is not null)
        {
            left.Add(new SkippedReference(uri, holder.Title, why));
        }
        else
        {
            updated.AddRange(fields.Select(field => new LinkedCodex(CodexLinks.KindOf(field), uri, holder.Title, true)));
        }
    }

    private void InSettings(CodexUri from, CodexUri to, bool dryRun, List<LinkedCodex> updated, List<SkippedReference> left)
    {
        const string Title = "Settings";
        if (DocumentFile.Read(paths.Config).Bytes is not { } bytes)
        {
            return;
        }

        var document = Json5Reader.Read(bytes);
        List<FoundReference> found =
        [
            .. (document.Root is Json5Object root ? FoundReferences.InSettings(root) : []).Where(reference => reference.To == from),
        ];
        if (found.Count == 0)
        {
            return;
        }

        try
        {
            if (!document.IsValid)
            {
                throw new FailureException(FailureKind.Conflict, "Its file has an error.");
            }
            if (!dryRun)
            {
                UserConfig.Rewrite(paths, (text, values) => ReferenceEdit.Rename(text, FoundReferences.InSettings(values), from, to));
            }

            updated.AddRange(found.Select(reference => new LinkedCodex(reference.Field, paths.Config, Title, true)));
        }
        catch (FailureException fault)
        {
            left.Add(new SkippedReference(paths.Config, Title, fault.Message));
        }
    }

    private async Task InChatsAsync(
        CodexUri from,
        CodexUri to,
        bool dryRun,
        List<LinkedCodex> updated,
        List<SkippedReference> left,
        CancellationToken cancellationToken
    )
    {
        foreach (var chat in services.Chats())
        {
            var uri = CodexUri.OfChannel(chat.Id).ToString();
            try
            {
                var values = RenamedValues(services.ValuesOf(chat.Id), from, to);
                List<string> kinds =
                [
                    .. CodexLinks.Of(chat).Where(reference => reference.To == from).Select(reference => reference.Kind),
                    .. values.Keys.Select(CodexLinks.KindOf),
                ];
                if (kinds.Count == 0)
                {
                    continue;
                }

                if (!dryRun)
                {
                    await services.UpdateChat(
                        chat.Id,
                        Fields(chat, from, to) with
                        {
                            Values = values.Count > 0 ? values : null,
                            By = ChangedBy.Plue,
                        },
                        cancellationToken
                    );
                }

                updated.AddRange(kinds.Select(kind => new LinkedCodex(kind, uri, chat.Title, true)));
            }
            catch (FailureException fault)
            {
                left.Add(new SkippedReference(uri, chat.Title, fault.Message));
            }
        }
    }

    /// <summary>Returns the values that refer to <paramref name="from"/>, updated to the new name.</summary>
    private static Dictionary<string, JsonElement> RenamedValues(
        IReadOnlyDictionary<string, JsonElement> values,
        CodexUri from,
        CodexUri to
    ) =>
        values
            .Select(pair => (Name: pair.Key, Value: Json5Conversion.ToJson5(pair.Value)))
            .Where(pair => pair.Value is not null && FoundReferences.In(pair.Value, null, pair.Name).Any(reference => reference.To == from))
            .ToDictionary(pair => pair.Name, pair => Json5Conversion.Of(Renamed(pair.Value!, pair.Name, from, to)), StringComparer.Ordinal);

    private static ChatFields Fields(ChatSummary chat, CodexUri from, CodexUri to) =>
        from.Collection switch
        {
            CodexCollection.Templates => new ChatFields { TemplateId = to.Name },
            CodexCollection.Providers => new ChatFields(
                ProviderId: chat.ProviderId == from.Name ? to.Name : null,
                Fallbacks: chat.Fallbacks.Any(choice => choice.ProviderId == from.Name)
                    ? [.. chat.Fallbacks.Select(choice => choice.ProviderId == from.Name ? choice with { ProviderId = to.Name } : choice)]
                    : null
            ),
            _ => ChatFields.None,
        };
}
