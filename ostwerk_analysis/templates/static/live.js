/* Live pages: ipywidgets' own script shows the widgets, this one brings them to a kernel.

   The page stands before, with everything in it as plain HTML. A connection is opened, and with it
   a kernel; what it shows then takes the place of the plain HTML. When the connection ends, the
   page says so, what is shown stays, and a button connects again. */

(() => {
  "use strict";

  const own = document.currentScript;
  const words = JSON.parse(own.dataset.words);
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const places = [];   // where widgets are shown, and the plain HTML that stood there
  let widgets = null;  // the promise of ipywidgets' script
  let kernel = null;   // the connection, while there is one
  let notice, said, again;

  /* What a notebook's page would give to ipywidgets' script: a loader of modules, and a page with
     nothing in it. Asking for the notebook's modules makes it bring its style sheets. */
  function loadWidgets() {
    const nothing = () => {};
    const actions = { register: nothing };
    const page = {
      version: "7.0.0",
      notebook: { container: { on: nothing }, keyboard_manager: { actions } },
    };
    const area = { OutputArea: { prototype: { register_mime_type: nothing } } };
    window.Jupyter = page;
    window.requirejs = (names, then) => then(page, { on: nothing }, area);
    window.requirejs.config = nothing;
    return new Promise((done, failed) => {
      window.define = (names, make) => {
        const module = make({ id: "widgets" });
        module.load_ipython_extension();
        done(module);
      };
      const script = document.createElement("script");
      script.src = own.dataset.widgets;
      script.onerror = () => failed(new Error("no widgets"));
      document.head.append(script);
    });
  }

  const packed = (bytes) => {
    const view = ArrayBuffer.isView(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
    return btoa(Array.from(view, (one) => String.fromCharCode(one)).join(""));
  };
  const unpacked = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

  /* The models of one kernel's widgets, as the manager that ipywidgets expects. */
  class Kernel {
    constructor(socket, library) {
      this.socket = socket;
      this.library = library;
      this.models = new Map();
      this.comms = new Map();
      this.answers = new Map();   // id of a message = what waits until it is done
      this.catching = new Map();  // id of a message = the output that catches what is shown
      this.next = 0;
    }

    comm(id) {
      const comm = {
        comm_id: id,
        on_msg: (heard) => { comm.heard = heard; },
        on_close: (closed) => { comm.closed = closed; },
        close: () => {},
        send: (data, callbacks, metadata, buffers) => {
          const message = `page-${this.next++}`;
          if (callbacks?.iopub?.status) this.answers.set(message, callbacks.iopub.status);
          const content = { id: message, comm_id: id, data, buffers: (buffers || []).map(packed) };
          if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(content));
          return message;
        },
      };
      this.comms.set(id, comm);
      return comm;
    }

    add(id, state, buffers) {
      for (const { path, data } of buffers) {
        const inner = path.slice(0, -1).reduce((part, key) => part[key], state);
        inner[path.at(-1)] = data;
      }
      this.models.set(id, this.make(id, state));
    }

    async make(id, state) {
      const Model = this.named(state._model_name, state._model_module)
        || this.library.DOMWidgetModel;
      const attributes = await Model._deserialize_state(state, this);
      const model = new Model(attributes, {
        widget_manager: this, model_id: id, comm: this.comm(id),
      });
      model.name = state._model_name;
      model.module = state._model_module;
      remember(model);
      return model;
    }

    // The class of a widget or its view; nothing for those of other packages, which bring scripts
    // of their own.
    named(name, module) {
      return module.startsWith("@jupyter-widgets/") && (outputs(this)[name] || this.library[name]);
    }

    // what widgets ask of their manager

    get_model(id) {
      return this.models.get(id) || Promise.reject(new Error(`no widget ${id}`));
    }
    has_model(id) { return this.models.has(id); }
    create_view(model, options = {}) {
      const made = model.state_change.then(async () => {
        const View = this.named(model.get("_view_name"), model.get("_view_module"))
          || stranger(this.library);
        const view = new View({ model, options });
        view.listenTo(model, "destroy", view.remove);
        await view.render();
        return view;
      });
      model.state_change = made;
      const key = `view-${this.next++}`;
      if (model.views) model.views[key] = made;
      made.then((view) => view.once("remove", () => { if (model.views) delete model.views[key]; }));
      return made;
    }
    setViewOptions(options = {}) { return options; }
    callbacks() { return {}; }
    resolveUrl(url) { return Promise.resolve(url); }
    inline_sanitize(text) { return new Option(text).innerHTML; }

    // what the kernel says

    hear(message) {
      const { kind, parent, content } = message;
      const asMessage = () => ({
        content, parent_header: { msg_id: parent }, buffers: (message.buffers || []).map(unpacked),
      });
      if (kind === "comm_open") {
        const { state, buffer_paths = [] } = content.data;
        const buffers = asMessage().buffers.map((data, i) => ({ path: buffer_paths[i], data }));
        this.add(content.comm_id, state, buffers);
      } else if (kind === "comm_msg") {
        this.models.get(content.comm_id)?.then(() =>
          this.comms.get(content.comm_id)?.heard?.(asMessage()));
      } else if (kind === "comm_close") {
        this.comms.get(content.comm_id)?.closed?.(asMessage());
        this.models.delete(content.comm_id);
      } else if (kind === "status") {
        this.answers.get(parent)?.({ content: { execution_state: message.state } });
        if (message.state === "idle") this.answers.delete(parent);
      } else if (this.catching.has(parent)) {
        this.catching.get(parent).caught(kind, content || {});
      } else if (kind === "error") {
        tell(words.failed);
      }
    }

    async show(place, id) {
      const view = await this.create_view(await this.get_model(id));
      const shell = document.createElement("div");
      place.element.replaceChildren(shell);
      view.luminoWidget.constructor.attach(view.luminoWidget, shell);
    }

    async freeze() {
      for (const promise of this.models.values()) {
        const model = await promise.catch(() => null);
        if (model?.has("disabled")) model.set("disabled", true);
      }
    }
  }

  /* What stands in the place of a widget that is not loaded: which one it is. */
  function stranger({ DOMWidgetView }) {
    return class extends DOMWidgetView {
      render() {
        super.render();
        const widget = this.model.get("_anywidget_id")
          || `${this.model.get("_model_module")}.${this.model.get("_model_name")}`;
        const remark = document.createElement("p");
        remark.className = "ow-note";
        remark.textContent = words.unknown.replace("{widget}", widget);
        this.el.append(remark);
      }
    };
  }

  /* Outputs, which catch what a callback prints and shows. */
  function outputs(kernel) {
    if (kernel.outputs) return kernel.outputs;
    const { DOMWidgetModel, DOMWidgetView } = kernel.library;
    class OutputModel extends DOMWidgetModel {
      defaults() {
        const names = { _model_name: "OutputModel", _view_name: "OutputView" };
        const module = "@jupyter-widgets/output";
        return { ...super.defaults(), ...names, _model_module: module, _view_module: module,
                 msg_id: "", outputs: [] };
      }
      initialize(attributes, options) {
        super.initialize(attributes, options);
        this.listenTo(this, "change:msg_id", this.follow);
        this.follow();
      }
      follow() {
        kernel.catching.delete(this.previous("msg_id"));
        if (this.get("msg_id")) kernel.catching.set(this.get("msg_id"), this);
      }
      caught(kind, content) {
        let shown = this.clearsNext ? [] : [...this.get("outputs")];
        this.clearsNext = kind === "clear_output" && content.wait;
        const last = shown.at(-1);
        if (kind === "clear_output") {
          if (!content.wait) shown = [];
        } else if (kind === "stream" && last?.output_type === "stream") {
          shown[shown.length - 1] = { ...last, text: last.text + content.text };
        } else if (kind === "error") {
          shown.push({ output_type: "stream", name: "stdout", text: words.failed });
        } else {
          shown.push({ output_type: kind, ...content });
        }
        this.set("outputs", shown);
        this.save_changes();
      }
    }
    class OutputView extends DOMWidgetView {
      render() {
        super.render();
        this.listenTo(this.model, "change:outputs", this.draw);
        this.draw();
      }
      draw() {
        this.el.replaceChildren(...this.model.get("outputs").map((output) => this.drawn(output)));
      }
      drawn({ data = {}, text }) {
        const element = document.createElement(text || !data["text/html"] ? "pre" : "div");
        if (data[VIEW]) {
          const place = { element: document.createElement("div") };
          kernel.show(place, data[VIEW].model_id);
          return place.element;
        }
        if (data["text/html"]) element.innerHTML = data["text/html"];
        else if (data["image/svg+xml"]) element.innerHTML = data["image/svg+xml"];
        else if (data["image/png"]) {
          const image = new Image();
          image.alt = "";
          image.src = `data:image/png;base64,${data["image/png"]}`;
          return image;
        } else element.textContent = text || data["text/plain"] || "";
        return element;
      }
    }
    return (kernel.outputs = { OutputModel, OutputView });
  }

  /* What was chosen is kept in the address by widgets with a class such as ow-keep-leakage. */
  const kept = () => new URLSearchParams(location.hash.slice(1));

  function remember(model) {
    const name = (model.get("_dom_classes") || [])
      .find((one) => one.startsWith("ow-keep-"))?.slice("ow-keep-".length);
    if (!name) return;
    const key = model.has("value") ? "value" : "index";
    const first = model.get(key);
    const wanted = kept().get(name);
    model.on(`change:${key}`, () => {
      const state = kept();
      if (model.get(key) === first) state.delete(name);
      else state.set(name, model.get(key));
      const hash = state.toString();
      history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
      for (const link of document.querySelectorAll("[data-ow-keep-state]")) link.hash = hash;
    });
    if (wanted === null) return;
    const value = typeof first === "number" ? Number(wanted)
      : typeof first === "boolean" ? wanted === "true" : wanted;
    const [least, most] = [model.get("min") ?? -Infinity, model.get("max") ?? Infinity];
    const isIn = typeof value !== "number" || (value >= least && value <= most);
    if (wanted !== "" && isIn) {
      // Once it is shown, so that ipywidgets knows the views of what changes.
      model.wanted = () => { model.set(key, value); model.save_changes(); };
    }
  }

  /* ipywidgets names neither the handle of a slider nor the field beside it, and has nothing read
     out that changes. */
  function makeAudible(element) {
    for (const one of element.querySelectorAll(".ow-status")) one.setAttribute("role", "status");
    for (const control of element.querySelectorAll(".noUi-handle, .widget-readout")) {
      const slider = control.closest(".widget-slider, .jupyter-widgets");
      const label = slider?.querySelector(".widget-label");
      const name = label?.textContent || label?.title;
      if (name) control.setAttribute("aria-label", name);
      if (control.isContentEditable) control.setAttribute("role", "textbox");
    }
  }

  function tell(sentence, canRetry = false) {
    said.textContent = sentence;
    again.hidden = !canRetry;
    notice.hidden = !sentence;
  }

  function ended(why, number) {
    const connection = kernel;
    kernel = null;
    connection?.freeze();
    let sentence = (words[why] || words.lost).replace("{number}", number || "");
    if (connection) sentence += ` ${kept().size ? words.kept : words.forgotten}`;
    tell(sentence, true);
  }

  function connect() {
    for (const { element, plain } of places) {
      element.replaceChildren(...plain.map((node) => node.cloneNode(true)));
    }
    tell(words.starting);
    widgets ||= loadWidgets();
    // Of the release that the page shows, though by now another may be the current one.
    const [folder, page] = location.pathname.split("/").slice(-2);
    const release = folder === words.release ? "" : `${words.release}/`;
    const address = new URL(`${release}live/${page}${location.search}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.hash = "";
    const socket = new WebSocket(address);
    let isOver = false;
    let heard = Promise.resolve();  // messages are taken in their order
    const over = (why, number) => {
      if (!isOver) ended(why, number);
      isOver = true;
    };
    socket.onclose = () => heard.then(() => over("lost"));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      heard = heard.then(async () => {
        if (message.kind === "ended") over(message.why, message.number);
        else if (message.kind === "ready") await begin(socket, message);
        else kernel?.hear(message);
      }).catch((error) => {
        console.warn(error.message);
        over("lost");
        socket.close();
      });
    };
  }

  async function begin(socket, { shown, models }) {
    kernel = new Kernel(socket, await widgets);
    for (const [id, { state, buffers = [] }] of Object.entries(models)) {
      const unpack = ({ path, data }) => ({ path, data: unpacked(data) });
      kernel.add(id, state, buffers.map(unpack));
    }
    for (const [i, place] of places.entries()) {
      if (shown[i]) await kernel.show(place, shown[i]);
    }
    const made = await Promise.allSettled(kernel.models.values());
    for (const { value: model } of made) model?.wanted?.();
    tell("");
  }

  places.push(...Array.from(document.querySelectorAll("[data-ow-live]"), (element) => ({
    element, plain: Array.from(element.childNodes, (node) => node.cloneNode(true)),
  })));
  if (!places.length) return;
  notice = document.createElement("div");
  notice.className = "ow-live-notice";
  notice.setAttribute("role", "status");
  said = document.createElement("p");
  again = document.createElement("button");
  again.type = "button";
  again.textContent = words.again;
  again.hidden = true;
  again.onclick = connect;
  notice.append(said, again);
  places[0].element.before(notice);
  for (const { element } of places) {
    new MutationObserver(() => makeAudible(element)).observe(
      element, { childList: true, subtree: true });
  }
  connect();
})();
