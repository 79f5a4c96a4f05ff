using Plue.Server.Json5;

namespace Plue.Server.Codices;

/// <summary>The settings file as a versioned document, <c>codex://settings/config</c>. It is validated like the settings page.</summary>
internal sealed class SettingsFormat() : DocumentFormat(CodexCollection.Settings, ".json5")
{
    /// <summary>The only document. The other files in the folder start programs or are owned by other features.</summary>
    public const string Name = "config";

    public override bool Has(string name) => name == Name;

    public override string TemplateIdOf(string name, Json5Object values) => "";

    public override object? DependsOn(Json5Object values) => null;

    public override DocumentReading Read(string name, byte[] bytes) => ReadJson5(bytes, (_, values) => UserConfig.ProblemsOf(values));

    public override string Write(string name, string? title, string template, Json5Object values) => Json5Writer.WriteFile(values);

    public override Json5Edited Edit(string text, IReadOnlyList<(string Field, Json5Node? Value)> changes) => EditJson5(text, changes);

    public override string Redact(string text) => LiteralSecrets.Redact(Json5Reader.Read(text));
}
