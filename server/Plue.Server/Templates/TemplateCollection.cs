namespace Plue.Server.Templates;

/// <summary>The collection of a template's codices, derived from its root template. Without one of these roots, it is items.</summary>
internal enum TemplateCollection
{
    Providers,
    Chats,
    Tasks,
    Items,
}

internal static class TemplateCollections
{
    public const string ProviderRoot = "llm-provider";
    public const string ChatRoot = "ai-chat";
    public const string TaskRoot = "task";

    /// <summary>Gets the name in addresses and on the wire, such as <c>tasks</c>.</summary>
    public static string Name(this TemplateCollection collection) =>
        collection switch
        {
            TemplateCollection.Providers => "providers",
            TemplateCollection.Chats => "chats",
            TemplateCollection.Tasks => "tasks",
            _ => "items",
        };

    /// <summary>Gets the collection of a template from its own id and those of its parents. A template that inherits from a provider is a provider.</summary>
    /// <param name="otherwise">The collection of the last id, if known.</param>
    internal static TemplateCollection Of(IReadOnlyCollection<string> line, TemplateCollection otherwise = TemplateCollection.Items) =>
        line.Contains(ProviderRoot) ? TemplateCollection.Providers
        : otherwise != TemplateCollection.Items ? otherwise
        : line.FirstOrDefault(id => id is ChatRoot or TaskRoot) switch
        {
            ChatRoot => TemplateCollection.Chats,
            TaskRoot => TemplateCollection.Tasks,
            _ => TemplateCollection.Items,
        };
}
